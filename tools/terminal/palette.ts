import pc from "picocolors";

/** Colours by what they mean. */
export interface Palette {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly doubtful: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

/** Colours where there is a terminal that has them and NO_COLOR is not set (no-color.org); else none. */
export function paletteFor(stream: { readonly isTTY?: boolean }): Palette {
  const wanted =
    stream.isTTY === true && (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb";
  const { green, red, yellow, dim, bold } = pc.createColors(wanted);
  return { good: green, bad: red, doubtful: yellow, faint: dim, strong: bold };
}
