import { Presets, SingleBar } from "cli-progress";
import { formatBytes } from "./plain-words.ts";

/** Shows how far an upload is: a bar on a terminal, a line for every tenth elsewhere. */
export class UploadProgress {
  readonly #total: number;
  readonly #started = performance.now();
  readonly #bar: SingleBar | undefined;
  #tenths = 0;

  constructor(total: number) {
    this.#total = total;
    if (!process.stdout.isTTY || total === 0) return;
    const format = "   {bar} {percentage} %   {sent} of {size}   {rate}/s   {left} s left";
    this.#bar = new SingleBar({ format, hideCursor: true, barsize: 24, fps: 10 }, Presets.rect);
    this.#bar.start(total, 0, this.#words(0));
  }

  /** Takes note that `bytes` of the file have left; may go back after a break. */
  update(bytes: number): void {
    this.#bar?.update(bytes, this.#words(bytes));
    const tenths = Math.floor((bytes / this.#total) * 10);
    if (this.#bar !== undefined || !(tenths > this.#tenths)) return; // not for an empty file, which has no tenths
    this.#tenths = tenths;
    const { sent, size, rate, left } = this.#words(bytes);
    console.log(`   ${String(tenths * 10).padStart(3)} %   ${sent} of ${size}   ${rate}/s   ${left} s left`);
  }

  /** Leaves the bar as it stands. */
  stop(): void {
    this.#bar?.stop();
  }

  #words(bytes: number): { sent: string; size: string; rate: string; left: string } {
    const seconds = Math.max((performance.now() - this.#started) / 1000, 0.001);
    const left = bytes === 0 ? "?" : String(Math.ceil((seconds / bytes) * (this.#total - bytes)));
    return {
      sent: formatBytes(bytes).padStart(8),
      size: formatBytes(this.#total),
      rate: formatBytes(bytes / seconds),
      left,
    };
  }
}
