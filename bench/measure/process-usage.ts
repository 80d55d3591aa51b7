import { readdir, readFile } from "node:fs/promises";

/** /proc counts CPU time in hundredths of a second on every Linux that Node runs on. */
const MILLISECONDS_PER_TICK = 10;
const LOOK_MILLISECONDS = 20;

/** CPU that a process and all its threads have used so far, in milliseconds; NaN where the system does not say. */
export async function cpuMilliseconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // After the name: state and ten more numbers, then user and system time.
  const [, user, system] = /\) \S (?:\S+ ){10}(\d+) (\d+)/.exec(stat) ?? [];
  return (Number(user) + Number(system)) * MILLISECONDS_PER_TICK;
}

/** Resident memory of a process in bytes; NaN where the system does not say. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

/** Runs `work` and gives the highest resident memory of `pid` meanwhile, in bytes. */
export async function peakWhile(pid: number, work: () => Promise<unknown>): Promise<number> {
  let peak = await residentBytes(pid);
  const look = async (): Promise<void> => {
    peak = Math.max(peak, (await residentBytes(pid)) || 0);
  };
  const timer = setInterval(() => void look(), LOOK_MILLISECONDS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peak;
}

/** Ids of the processes of that name below this one, children's children too. */
export async function descendants(name: string): Promise<number[]> {
  const parents = new Map<number, { parent: number; name: string }>();
  for (const entry of await readdir("/proc").catch((): string[] => [])) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    const [, command = "", parent] = /^\d+ \((.*)\) \S (\d+) /.exec(stat) ?? [];
    parents.set(Number(entry), { parent: Number(parent), name: command });
  }
  const isBelow = (pid: number): boolean => {
    for (let at = parents.get(pid)?.parent; at !== undefined; at = parents.get(at)?.parent) {
      if (at === process.pid) return true;
    }
    return false;
  };
  return [...parents].filter(([pid, { name: own }]) => own === name && isBelow(pid)).map(([pid]) => pid);
}
