import { MultiBar, Presets, type SingleBar } from "cli-progress";
import { basename } from "node:path";
import type { Palette } from "../terminal/palette.ts";
import { bytesInWords, durationInWords, printable } from "../terminal/in-units.ts";
import type { Destination } from "./destination.ts";
import type { UploadEvent } from "./upload-event.ts";
import { RateMeter } from "./rate-meter.ts";

/** Tells a person, or a script, what happens to the files of one command. */
export interface Reporter {
  tell(destination: Destination, event: UploadEvent): void;
  /** Everything has been told. */
  end(): void;
}

/** Where text goes. */
export type Write = (text: string) => void;

/** `--json`: each event is a line; those of progress at most once a second for each file. */
export function jsonReporter(write: Write, now: () => number = Date.now): Reporter {
  const lastAt = new Map<string, number>();
  return {
    tell({ path, url }, event) {
      if (event.event === "progress") {
        if (now() - (lastAt.get(url.href) ?? 0) < 1000) return;
        lastAt.set(url.href, now());
      }
      write(
        `${JSON.stringify({ at: new Date(now()).toISOString(), file: path, url: url.href, ...event })}\n`,
      );
    },
    end() {},
  };
}

/** Without a terminal: a line for what ends or hinders an upload. */
export function lineReporter(write: Write, palette: Palette): Reporter {
  return {
    tell({ path }, event) {
      const line = inWords(event, palette);
      if (line !== null) write(`${printable(basename(path))}: ${line}\n`);
    },
    end() {},
  };
}

/** On a terminal: a bar for each file, with its rate and the time that is left, and the same lines above them. */
export function barReporter(stream: NodeJS.WriteStream, palette: Palette): Reporter {
  const format = "{name} {bar} {percentage} % {size}  {rate}  {left}";
  const options = {
    format,
    stream,
    hideCursor: true,
    clearOnComplete: false,
    emptyOnZero: false,
    barsize: 24,
  };
  const bars = new MultiBar({ ...options, gracefulExit: false }, Presets.shades_grey);
  const files = new Map<string, { bar: SingleBar; meter: RateMeter; bytes: number }>();
  return {
    tell({ path, url }, event) {
      const name = printable(basename(path), 24).padEnd(24);
      if (event.event === "started") {
        const size = bytesInWords(event.bytes).padStart(10);
        // An empty file has a bar too.
        const bar = bars.create(Math.max(1, event.bytes), event.offset, { name, size, rate: "", left: "" });
        files.set(url.href, { bar, meter: new RateMeter(), bytes: event.bytes });
      }
      const file = files.get(url.href);
      if (file !== undefined) move(file, event);
      const line = inWords(event, palette);
      if (line !== null) bars.log(`${name.trim()}: ${line}\n`);
    },
    end() {
      bars.stop();
    },
  };
}

function move(file: { bar: SingleBar; meter: RateMeter; bytes: number }, event: UploadEvent): void {
  if (event.event === "progress") {
    const rate = file.meter.at(event.sent, performance.now() / 1000);
    const left = rate === null ? "" : durationInWords((file.bytes - event.sent) / rate);
    file.bar.update(event.sent, { rate: rate === null ? "" : `${bytesInWords(Math.round(rate))}/s`, left });
  } else if (event.event === "waiting") {
    file.bar.update({ rate: "waiting", left: durationInWords(event.seconds) });
  } else if (event.event === "uploaded") {
    file.bar.update(Math.max(1, file.bytes), { rate: "done", left: "" });
  } else if (event.event === "failed") {
    file.bar.update({ rate: "failed", left: "" });
  }
}

/** What a person is told in a line; null for what the bar shows. */
function inWords(event: UploadEvent, { good, bad, doubtful }: Palette): string | null {
  switch (event.event) {
    case "started":
      return event.offset > 0
        ? `goes on at ${bytesInWords(event.offset)} of ${bytesInWords(event.bytes)}`
        : null;
    case "waiting":
      return `${doubtful("waits")} ${durationInWords(event.seconds)}: ${printable(event.because, 600)}`;
    case "reply":
      return `reply of ${bytesInWords(event.bytes)} in ${printable(event.path)}`;
    case "uploaded": {
      const rate = bytesInWords(Math.round(event.bytes / Math.max(event.seconds, 0.001)));
      return `${good("uploaded")}, ${bytesInWords(event.bytes)} in ${durationInWords(event.seconds)}, ${rate}/s`;
    }
    case "cancelled":
      return good("cancelled");
    case "failed":
      return `${bad("failed")}: ${printable(event.because, 600)}`;
    case "session":
    case "progress":
      return null;
  }
}
