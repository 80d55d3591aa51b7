/** How one protocol says "begin", "here are bytes" and "that was all"; the heads of requests, ready to send. */
export interface Dialect {
  begin(target: string, totalBytes: number): string;
  /** From the answer to `begin`: what the later requests are about. */
  handleOf(answerHead: string): string;
  fragment(target: string, handle: string, first: number, length: number, totalBytes: number): string;
  /** Null where the last fragment says it. */
  end(target: string, handle: string): string | null;
}

const PROTOCOL = "{7df0354d-249b-430f-820d-3d2a9bef4931}";

/** BITS as Windows writes it; the verb is POST where the HTTP door is asked. */
function bits(verb: "BITS_POST" | "POST"): Dialect {
  const head = (target: string, type: string, length: number, more: string): string =>
    `${verb} ${target} HTTP/1.1\r\nAccept: */*\r\nBITS-Packet-Type: ${type}\r\n${more}` +
    `User-Agent: Microsoft BITS/7.8\r\nHost: bits.example\r\nContent-Length: ${length}\r\nConnection: Keep-Alive\r\n\r\n`;
  return {
    begin: (target) => head(target, "Create-Session", 0, `BITS-Supported-Protocols: ${PROTOCOL}\r\n`),
    handleOf: (answer) => fieldOf(answer, "bits-session-id"),
    fragment: (target, handle, first, length, total) =>
      head(
        target,
        "Fragment",
        length,
        `BITS-Session-Id: ${handle}\r\nContent-Name: upload.bin\r\nContent-Range: bytes ${first}-${first + length - 1}/${total}\r\n`,
      ),
    end: (target, handle) => head(target, "Close-Session", 0, `BITS-Session-Id: ${handle}\r\n`),
  };
}

/** tus 1.0: a POST to the one folder creates, each PATCH carries the next bytes, the last one ends. */
const tus: Dialect = {
  begin: (_target, total) =>
    `POST /tus HTTP/1.1\r\nTus-Resumable: 1.0.0\r\nUpload-Length: ${total}\r\nHost: bits.example\r\nContent-Length: 0\r\n\r\n`,
  handleOf: (answer) => new URL(fieldOf(answer, "location"), "http://bits.example").pathname,
  fragment: (_target, handle, first, length) =>
    `PATCH ${handle} HTTP/1.1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: ${first}\r\nContent-Type: application/offset+octet-stream\r\nHost: bits.example\r\nContent-Length: ${length}\r\n\r\n`,
  end: () => null,
};

export const DIALECTS = { tcp: bits("BITS_POST"), http: bits("POST"), tus } as const;

function fieldOf(head: string, name: string): string {
  const value = new RegExp(`\\n${name}: *([^\\r\\n]*)`, "i").exec(head)?.[1];
  if (value === undefined) throw new Error(`the answer has no ${name}:\n${head}`);
  return value;
}
