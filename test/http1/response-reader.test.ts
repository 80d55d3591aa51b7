import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnswerReader } from "../../src/http1/response-reader.ts";
import { ANSWERS } from "../faults/answers.ts";
import { bytesOf, cutAt } from "../ingress/support/read-requests.ts";

interface Read {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** What is read of an answer that comes in these pieces; any error but a TypeError is the reader's own. */
function read(pieces: Iterable<Uint8Array>): Read | "no answer" | "goes on" {
  const reader = new AnswerReader();
  try {
    for (const piece of pieces) {
      const { head } = reader.push(piece) ?? {};
      if (head !== undefined) return { status: head.status, fields: [...head.headers] };
    }
    return "goes on";
  } catch (error) {
    if (error instanceof TypeError) return "no answer";
    throw error;
  }
}

function* oneByOne(bytes: Uint8Array): Generator<Uint8Array> {
  for (const byte of bytes) yield Uint8Array.of(byte);
}

/** How many bytes are pushed, one by one, until there is a head, or none. */
function readBytesOf(bytes: Uint8Array): number {
  let pushed = 0;
  const counted = function* (): Generator<Uint8Array> {
    for (const piece of oneByOne(bytes)) {
      pushed += 1;
      yield piece;
    }
  };
  read(counted());
  return pushed;
}

const MAXIMUM_BYTES = 64 * 1024;

const groups = Object.entries(ANSWERS).map(
  ([group, rows]) => [group, rows.filter(({ inWorkerdOnly }) => inWorkerdOnly !== true)] as const,
);
const rows = groups.flatMap(([, answers]) => answers);
const heads = rows.filter(({ reading }) => typeof reading === "object");

describe.each(groups)("%s", (_group, answers) => {
  test.each(answers)("$name", ({ bytes, reading }) => {
    const got = read([bytesOf(bytes)]);
    if (typeof reading === "string" || typeof got === "string") {
      expect(got).toBe(reading);
    } else {
      expect(got.status).toBe(reading.status);
      const [name, value] = reading.field ?? [];
      if (name !== undefined) expect(got.fields).toContainEqual([name.toLowerCase(), value]);
    }
  });

  test("read the same when the bytes come one by one", () => {
    for (const { name, bytes } of answers) {
      expect(read(oneByOne(bytesOf(bytes))), name).toEqual(read([bytesOf(bytes)]));
    }
  });
});

test("of an answer whose head is not whole there is nothing yet", () => {
  for (const { name, bytes } of heads.filter((answer) => !ANSWERS.sizes.includes(answer))) {
    const whole = readBytesOf(bytesOf(bytes));
    expect(bytes.slice(0, whole), name).toMatch(/\n\r?\n$/);
    for (let end = 0; end < whole; end++) {
      expect(read([bytesOf(bytes.slice(0, end))]), `${name}, ${end} bytes`).toBe("goes on");
    }
  }
});

test("what follows the head changes nothing (the body is left where it is)", () => {
  for (const { name, bytes } of heads) {
    const head = bytes.slice(0, readBytesOf(bytesOf(bytes)));
    for (const more of [" X: y\r\n", "\0", "HTTP/1.1 500 x\r\n\r\n", "x".repeat(MAXIMUM_BYTES)]) {
      expect(read([bytesOf(head + more)]), name).toEqual(read([bytesOf(head)]));
    }
  }
});

function headOf(bytes: number): Uint8Array {
  const [begin, end] = ["HTTP/1.1 200 OK\r\nX: ", "\r\n\r\n"];
  return bytesOf(`${begin}${"x".repeat(bytes - begin.length - end.length)}${end}`);
}

test("a head of 64 KiB is read, and no more of a longer one", () => {
  expect(read([headOf(MAXIMUM_BYTES)])).toMatchObject({ status: 200 });
  expect(read([headOf(MAXIMUM_BYTES + 1)])).toBe("no answer");
});

test.each([
  ["empty lines", "", "\r\n"],
  ["a status line", "HTTP/1.1 200 ", "x"],
  ["a field", "HTTP/1.1 200 OK\r\nX: ", "x"],
  ["a field that is not UTF-8", "HTTP/1.1 200 OK\r\nX: ", "\xe9"],
  ["fields", "HTTP/1.1 200 OK\r\n", "X: y\r\n"],
  ["a folded field", "HTTP/1.1 200 OK\r\nX: y\r\n", " z\r\n"],
  ["interim answers", "", "HTTP/1.1 100\n\n"],
])("%s without end, that come byte by byte, are given up at 64 KiB", (_name, begin, more) => {
  const bytes = bytesOf(begin + more.repeat(MAXIMUM_BYTES));
  expect(read(oneByOne(bytes))).toBe("no answer");
  expect(readBytesOf(bytes)).toBe(MAXIMUM_BYTES + 1);
});

const PARTS = [
  ..."HTTP/1.1 200 OK;HTTP/1.1 100;HTTP/1.1 204 x;HTTP/1.1 101 x;HTTP/1.1 ;http/1.1 200;1".split(";"),
  ..."X:;X: y;Content-Length: 5;Content-Length: x;Transfer-Encoding: chunked;X ;:;\xe9;\xc3\xa9;\0;\x7f".split(
    ";",
  ),
  ..." ,\t,\r,\n,\r\n,\r\n,\r\n,\r\n\r\n,\n\n,\r\n ,\n\t".split(","),
];

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 500 }),
  fc.array(fc.constantFrom(...PARTS), { maxLength: 20 }).map((parts) => bytesOf(parts.join(""))),
  fc
    .tuple(fc.constantFrom("HTTP/1.1 ", "HTTP/1.0 1"), fc.nat(9999), fc.constantFrom(...PARTS))
    .map((parts) => bytesOf(`${parts.join("")}\r\n\r\n`)),
  // A row with one byte changed: nearly right is where readers err.
  fc.tuple(fc.constantFrom(...rows), fc.nat(), fc.nat(255)).map(([{ bytes }, place, byte]) => {
    const changed = Uint8Array.from(bytesOf(bytes));
    if (changed.byteLength > 0) changed[place % changed.byteLength] = byte;
    return changed;
  }),
);

const anyBytesAndCuts = anyBytes.chain((bytes) =>
  fc.tuple(fc.constant(bytes), fc.array(fc.nat(bytes.byteLength), { maxLength: 12 })),
);

test("any split of the same bytes reads the same", () => {
  fc.assert(
    fc.property(anyBytesAndCuts, ([bytes, places]) => {
      expect(read(cutAt(bytes, places))).toEqual(read([bytes]));
    }),
    { numRuns: 2_000 },
  );
});

test("any bytes at all are a head with a final status, or none, or go on", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const got = read([bytes]);
      if (typeof got === "string") return;
      expect(Number.isInteger(got.status)).toBe(true);
      // 101 is final, where nobody asked for it; other 1xx never are (RFC 9110 15.2).
      expect(got.status === 101 || (got.status >= 200 && got.status <= 999), String(got.status)).toBe(true);
    }),
    { numRuns: 5_000 },
  );
});
