import type { CapturedMessage } from "./captured-upload.ts";
import { contentLengthOf } from "./recording-wire.ts";

/** The three who speak: where each one's line is, and who it is. */
const LINES = {
  client: { x: 150, name: "BITS client", is: "speaks as Windows does" },
  edge: { x: 590, name: "bits-edge", is: "Worker and Durable Object" },
  origin: { x: 950, name: "legacy origin", is: "knows nothing of BITS" },
} as const;

/** Fields that tell the story; others are left out of the picture. */
const SHOWN =
  /^(?:bits-packet-type|bits-supported-protocols|bits-protocol|bits-session-id|bits-received-content-range|content-range|content-length|if-none-match|repr-digest|idempotency-key): /i;
/** What differs with each run. */
const RANDOM = /^((?:bits-session-id|idempotency-key): ).*$/i;
/** Long, and of no interest in full. */
const LONG = /^((?:bits-supported-protocols|bits-protocol): \{[^-]*-).*$|^(repr-digest: sha-256=:.{10}).*$/i;

const WIDTH = 1060;
const TOP = 74;
const LINE_HEIGHT = 17;
const GAP = 22;

const STYLE = `
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#1f2328}
.who{font:600 15px system-ui,-apple-system,"Segoe UI",sans-serif;text-anchor:middle}
.is,.note{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#59636e}
.is{text-anchor:middle}
.first{font-weight:700}
.field{fill:#59636e}
.body{fill:#0550ae}
.lost{fill:#cf222e}
path,line{stroke:#59636e;stroke-width:1.4;fill:none}
.life{stroke:#d1d9e0}
.lostline{stroke:#cf222e;stroke-dasharray:6 4}
marker path{fill:#59636e;stroke:none}
@media(prefers-color-scheme:dark){
text{fill:#f0f6fc}.is,.note,.field{fill:#9198a1}.body{fill:#79c0ff}.lost{fill:#ff7b72}
path,line{stroke:#9198a1}.life{stroke:#3d444d}.lostline{stroke:#ff7b72}marker path{fill:#9198a1}
}`.replaceAll("\n", "");

/** The messages of one upload, from top to bottom, as an SVG of its own, for light and dark pages. */
export function drawSequence(messages: readonly CapturedMessage[]): string {
  const parts: string[] = [];
  let y = TOP;
  let connection = 1;
  for (const message of messages) {
    if (message.from === "client" && message.connection > connection) {
      connection = message.connection;
      y += LINE_HEIGHT;
      parts.push(
        text("note", LINES.client.x + 14, y, "The connection is lost. The client comes back on a new one."),
      );
      y += GAP;
    }
    const drawn = drawMessage(message, y);
    parts.push(drawn.svg);
    y = drawn.end;
  }
  const height = y + 12;
  const lives = Object.values(LINES).map(
    ({ x, name, is }) =>
      `<line class="life" x1="${x}" x2="${x}" y1="58" y2="${height - 8}"/>${text("who", x, 24, name)}${text("is", x, 44, is)}`,
  );
  const box = `0 0 ${WIDTH} ${height}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}" width="${WIDTH}" height="${height}" role="img" aria-label="An upload, packet by packet">
<style>${STYLE}</style>
<defs><marker id="to" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>
${lives.join("\n")}
${parts.join("\n")}
</svg>
`;
}

function drawMessage(message: CapturedMessage, top: number): { svg: string; end: number } {
  const { from, to, head, bodyBytes, isWhole } = message;
  const [firstLine = "", ...fields] = head;
  const length = message.isWhole && bodyBytes === 0 ? 0 : contentLengthOf(head);
  const x = Math.min(LINES[from].x, LINES[to].x) + 14;
  const lines: [kind: string, words: string][] = [
    ["first", firstLine.replace(/ HTTP\/1\.1$/, "")],
    ...fields
      .filter((line) => SHOWN.test(line) && !/^content-length: 0$/i.test(line))
      .map((line): [string, string] => ["field", shortened(line)]),
  ];
  if (length > 0) {
    const whole = `${count(length)} bytes of the file`;
    lines.push(isWhole ? ["body", whole] : ["lost", `${count(bodyBytes)} of ${whole} arrive`]);
  }
  const words = lines.map(([kind, line], at) => text(kind, x, top + (at + 1) * LINE_HEIGHT, line));
  const y = top + lines.length * LINE_HEIGHT + 9;
  return { svg: `${words.join("\n")}\n${arrow(message, y)}`, end: y + GAP };
}

function arrow({ from, to, isWhole }: CapturedMessage, y: number): string {
  const [start, end] = [LINES[from].x, LINES[to].x];
  if (isWhole) return `<path d="M${start} ${y}H${end}" marker-end="url(#to)"/>`;
  const middle = (start + end) / 2;
  const cross = `<path class="lostline" style="stroke-dasharray:none" d="M${middle} ${y - 6}l12 12m0-12l-12 12"/>`;
  return `<path class="lostline" d="M${start} ${y}H${middle}"/>${cross}`;
}

/** A line of the head without what is random or long. */
function shortened(line: string): string {
  return line
    .replace(RANDOM, "$1{…}")
    .replace(LONG, (_, guid: string | undefined, digest: string | undefined) => `${guid ?? digest ?? ""}…`)
    .replace(/^(idempotency-key: )\{…\}$/i, "$1…");
}

function count(bytes: number): string {
  return bytes.toLocaleString("en-US");
}

function text(kind: string, x: number, y: number, words: string): string {
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text class="${kind}" x="${x}" y="${y}">${escaped}</text>`;
}
