/** A line of a terminal, without what moves the cursor. */
export interface TerminalLine {
  readonly text: string;
  /** When it came, in milliseconds from the start. */
  readonly at: number;
}

const CHARACTER_WIDTH = 7.8;
const LINE_HEIGHT = 18;
const PADDING = 18;
const TITLE_HEIGHT = 34;
/** How long the whole picture takes; a run's waits are shortened in proportion. */
const PLAYS_SECONDS = 9;

const STYLE = `
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#1f2328;white-space:pre}
.frame{fill:#f6f8fa;stroke:#d1d9e0}
.bar{fill:#d1d9e0}
.title{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#59636e;text-anchor:middle}
.typed,.heading{font-weight:700}
.good{fill:#1a7f37}
.broken{fill:#cf222e}
.line{animation:come .01s both}
@keyframes come{from{opacity:0}}
@media(prefers-reduced-motion:reduce){.line{animation:none}}
@media(prefers-color-scheme:dark){
text{fill:#f0f6fc}.frame{fill:#151b23;stroke:#3d444d}.bar{fill:#3d444d}.title{fill:#9198a1}.good{fill:#3fb950}.broken{fill:#ff7b72}
}`.replaceAll("\n", "");

/**
 * What a program said, as an SVG of a terminal, for light and dark pages. Its lines come one after the other as they did,
 * and stay; where motion is not wanted, or nothing plays, all are there from the start.
 *
 * @param typed the command
 */
export function drawTerminal(typed: string, lines: readonly TerminalLine[]): string {
  const longest = Math.max(typed.length + 2, ...lines.map(({ text }) => text.length));
  const width = Math.ceil(longest * CHARACTER_WIDTH + 2 * PADDING);
  const height = TITLE_HEIGHT + (lines.length + 1) * LINE_HEIGHT + PADDING;
  const all = Math.max(1, lines.at(-1)?.at ?? 1);
  const yOf = (row: number): number => TITLE_HEIGHT + (row + 1) * LINE_HEIGHT;
  const drawn = lines.map(({ text, at }, row) => {
    if (text === "") return "";
    const delay = ((at / all) * PLAYS_SECONDS).toFixed(2);
    const kind = `line ${kindOf(text)}`.trim();
    return `<text class="${kind}" style="animation-delay:${delay}s" x="${PADDING}" y="${yOf(row + 1)}" xml:space="preserve">${escaped(text)}</text>`;
  });
  const dots = [0, 1, 2].map((dot) => `<circle class="bar" cx="${PADDING + dot * 18}" cy="17" r="5.5"/>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(typed)}">
<style>${STYLE}</style>
<rect class="frame" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>
${dots.join("")}<text class="title" x="${width / 2}" y="21">bits-edge</text>
<text class="typed" x="${PADDING}" y="${yOf(0)}">$ ${escaped(typed)}</text>
${drawn.filter((line) => line !== "").join("\n")}
</svg>
`;
}

function kindOf(text: string): string {
  if (/^\S/.test(text)) return "heading";
  if (/\bequal$|200 OK/.test(text)) return "good";
  return /broke at/.test(text) ? "broken" : "";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
