import { SessionHost } from "../../src/session/session-host.ts";
import { Disk } from "./disk.ts";
import { worldOf } from "./life-world.ts";
import type { Life, Machine, Stage } from "./stage.ts";

const RESET = new Error("the object was reset");

/** A machine that runs one `SessionHost`: messages come in, answers leave when they are on disk, and it dies. */
export class HostedObject implements Machine {
  readonly name: string;
  readonly disk = new Disk();
  /** Something happened to it since it was looked at last. */
  isTouched = false;
  /** When its alarm rang last, by its own clock. */
  rangAt = 0;
  readonly #world: Stage;
  #running: { readonly life: Life; readonly host: SessionHost } | null = null;
  #ringing = 0;
  #armedFor: number | null = null;
  #armed = 0;

  constructor(name: string, world: Stage) {
    this.name = name;
    this.#world = world;
    this.disk.refuse = () => {
      if (world.isDiskFull && world.dice.next("full") < 0.7)
        throw new Error("database or disk is full: SQLITE_FULL");
    };
  }

  /** One message to the object, and its answer: rejects if the object dies before the answer has left. */
  async call<Answer>(what: string, run: (host: SessionHost) => Answer | Promise<Answer>): Promise<Answer> {
    const { schedule, dice } = this.#world;
    return await new Promise<Answer>((resolve, reject) => {
      schedule.after(dice.next("way") * 3, () => {
        const { life, host } = this.#awake();
        life.callers.add(reject);
        void this.#answer(what, life, async () => await run(host), resolve, reject);
      });
    });
  }

  async #answer<Answer>(
    what: string,
    life: Life,
    run: () => Promise<Answer>,
    resolve: (answer: Answer) => void,
    reject: (error: Error) => void,
  ): Promise<void> {
    this.isTouched = true;
    let leave: () => void;
    try {
      const answer = await run();
      leave = () => resolve(answer);
    } catch (error) {
      this.#world.laws.callFailed(what, this, error);
      leave = () => reject(error instanceof Error ? error : new Error(String(error)));
    }
    await this.stored(life, `answer to ${what}`);
    life.callers.delete(reject);
    leave();
  }

  /** Resolves when all that is written now is on disk; never, if the life ends before. */
  async stored(life: Life, why: string): Promise<void> {
    const { dice } = this.#world;
    const written = this.disk.written();
    await this.wait(life, why, dice.next("disk") ** 3 * 8);
    if (this.#world.isDiskFull && dice.fault("commit-full", 0.3) !== null && this.disk.unconfirmed > 0) {
      this.crash(1);
      await new Promise(() => undefined);
    }
    this.disk.confirm(written);
  }

  /** Lets time pass for a life; does not come back if it ends meanwhile. */
  async wait(life: Life, why: string, milliseconds: number): Promise<void> {
    life.waits.set(why, (life.waits.get(why) ?? 0) + 1);
    await new Promise<void>((resolve) =>
      this.#world.schedule.after(milliseconds, () => {
        if (life.isOver) return;
        life.waits.set(why, (life.waits.get(why) ?? 1) - 1);
        this.isTouched = true;
        resolve();
      }),
    );
  }

  /** @param severity from 0, nothing that is written is lost, to 1, all that is not confirmed */
  crash(severity: number): void {
    const running = this.#running;
    const { schedule, dice, story, coverage } = this.#world;
    const lost = Math.floor(severity * (this.disk.unconfirmed + 0.999));
    if (running !== null) coverage.crashed(running.life.waits, lost);
    this.disk.crash(lost);
    story.tell(this.name, `dies, and loses ${lost} steps`);
    this.#running = null;
    if (this.#ringing > 0) this.disk.alarm = Math.min(this.disk.alarm ?? Infinity, this.#world.clock + 2_000);
    this.#ringing = 0;
    this.isTouched = true;
    if (running !== null) {
      running.life.isOver = true;
      for (const reject of running.life.callers) schedule.after(dice.next("way") * 3, () => reject(RESET));
    }
    this.#world.laws.checkDisk(this);
  }

  /** The runtime takes an instance out of memory that has nothing to do. */
  evict(): void {
    const life = this.#running?.life;
    if (life === undefined || life.callers.size > 0 || life.underWay > 0 || this.#ringing > 0) return;
    this.disk.confirm(this.disk.written());
    life.isOver = true;
    this.#running = null;
    this.#world.story.tell(this.name, "is taken out of memory");
  }

  get isAwake(): boolean {
    return this.#running !== null;
  }

  /** Whether its alarm is being answered. */
  get isRinging(): boolean {
    return this.#ringing > 0;
  }

  /** Sees to it that the alarm rings, whatever it was set to and whatever the clock says. */
  arm(isClockNew = false): void {
    const { alarm } = this.disk;
    if (alarm === this.#armedFor && !isClockNew) return;
    this.#armedFor = alarm;
    this.#armed += 1;
    if (alarm === null) return;
    const armed = this.#armed;
    const { schedule, dice } = this.#world;
    const late = dice.fault("alarm-late", 0.2) ?? 0;
    const delay = Math.max(0, alarm - this.#world.clock) + dice.next("alarm") * 5 + late ** 4 * 7_200_000;
    schedule.after(delay, () => {
      if (armed === this.#armed) this.#ring();
    });
  }

  #ring(): void {
    const { schedule, dice, story } = this.#world;
    story.tell(this.name, "its alarm rings");
    const { life } = this.#awake();
    this.disk.confirm(this.disk.written());
    this.disk.takeAlarm();
    this.#armedFor = null;
    this.#answerAlarm(life);
    const again = dice.fault("alarm-twice", 0.1);
    if (again !== null)
      schedule.after(again * 20_000, () => {
        if (!life.isOver) this.#answerAlarm(life);
      });
  }

  #answerAlarm(life: Life): void {
    const host = this.#running?.host;
    if (host === undefined) return;
    this.#ringing += 1;
    this.rangAt = this.#world.clock;
    this.isTouched = true;
    void this.#alarm(host, life);
  }

  async #alarm(host: SessionHost, life: Life): Promise<void> {
    try {
      await host.alarm();
      await this.stored(life, "end of alarm");
      this.#ringing -= 1;
    } catch (error) {
      this.#world.laws.broken("an alarm never throws", String(error));
    }
  }

  #awake(): { readonly life: Life; readonly host: SessionHost } {
    if (this.#running !== null) return this.#running;
    const life: Life = { isOver: false, underWay: 0, callers: new Set(), waits: new Map() };
    this.disk.whenSynced = async (confirm) => {
      await this.stored(life, "sync");
      confirm();
    };
    this.#running = { life, host: new SessionHost(this.disk, worldOf(this, life, this.#world)) };
    return this.#running;
  }
}
