import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Edge } from "../test/support/edge.ts";
import { answer, type OriginBehaviour, type OriginRequest } from "../test/support/origin-behaviour.ts";
import { uploadFile } from "../test/support/upload-file.ts";
import { patternSource, type UploadSource } from "../test/support/upload-source.ts";
import { heading, rows } from "./plain-words.ts";

/** Whoever has it sees the page of this run, and may act; 32 characters or more, new at each run. */
export const OPERATOR_TOKEN = randomBytes(24).toString("base64url");

/** Uploads that run at one time while the page stays. */
const LANES = 4;
const CHUNK_BYTES = 64 << 10;
const DEPARTMENTS = ["finance", "radiology", "backup", "telemetry"];
/** Names by which the origin knows what to do with an upload of `keepUploading`. */
const NO_ROOM = "no-room";
const NO_WORD = "no-word";

/** An origin that has no room for some uploads, and says no word of others; it serves the rest. */
export function troubleOf({ url, headers }: OriginRequest): OriginBehaviour | undefined {
  if (url.includes(NO_ROOM)) return answer(507, { "BITS-Error-Code": "0x80070070" });
  const destination = headers["bits-original-request-url"] ?? "";
  return destination.includes(NO_WORD) ? { kind: "close", store: true } : undefined;
}

/** Where the page is, and what opens it. */
export function sayWhereThePageIs(edge: Edge, isStaying: boolean): void {
  heading("The operator's page");
  rows([
    ["page", `${edge.httpUrl}/_bits/`],
    ["token", OPERATOR_TOKEN],
    [
      "open",
      isStaying
        ? "now, with uploads running; Ctrl-C ends it"
        : "until this program ends, which is now. It stays with: npm start -- --stay",
    ],
  ]);
}

/** Uploads that begin and end all the time, slowly enough to be watched, until `signal`. */
export async function keepUploading(edge: Edge, signal: AbortSignal): Promise<void> {
  await Promise.all([
    uploadQuietly(edge, "/hold/", patternSource(200_000, "held", `${NO_WORD}.xlsx`)),
    uploadQuietly(edge, "/uploads/finance/", patternSource(300_000, "full", `${NO_ROOM}.xlsx`)),
    ...Array.from({ length: LANES }, async (_, lane) => {
      for (let turn = 0; !signal.aborted; turn += 1) {
        const size = (8 + ((turn * 7 + lane * 13) % 40)) * 1_000_000;
        const name = `file-${lane + 1}-${turn + 1}.bin`;
        const source = slowed(patternSource(size, name, name), (lane + 1) * 700_000, signal);
        const folder = DEPARTMENTS[(lane + turn) % DEPARTMENTS.length] ?? "";
        await uploadQuietly(edge, `/uploads/${folder}/`, source);
      }
    }),
  ]);
}

/** What goes wrong with it is the page's to say. */
async function uploadQuietly(edge: Edge, folder: string, source: UploadSource): Promise<void> {
  await uploadFile(source, `${edge.tcpUrl}${folder}${source.name}`, { tries: 2 }).catch(() => {});
}

/** The same bytes at a client's pace. */
function slowed(source: UploadSource, bytesPerSecond: number, signal: AbortSignal): UploadSource {
  async function* read(first: number, length: number): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.read(first, length)) {
      for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
        const part = chunk.subarray(at, at + CHUNK_BYTES);
        await pause((1000 * part.length) / bytesPerSecond, undefined, { signal });
        yield part;
      }
    }
  }
  return { ...source, read };
}
