import fc from "fast-check";
import { expect, test } from "vitest";
import { cuts, oddRequest, soundRequest } from "../ingress/support/arbitrary-request.ts";
import { cutAt, readRequests } from "../ingress/support/read-requests.ts";

const anyBytes = fc.oneof(
  oddRequest,
  soundRequest.map(({ bytes }) => bytes),
  fc
    .array(soundRequest, { maxLength: 3 })
    .map((requests) => Buffer.concat(requests.map(({ bytes }) => bytes))),
  // A sound request with one byte changed: nearly right is where readers disagree.
  fc.tuple(soundRequest, fc.nat(), fc.nat(255)).map(([{ bytes }, place, byte]) => {
    const changed = Uint8Array.from(bytes);
    changed[place % changed.byteLength] = byte;
    return changed;
  }),
);

test("any split of the same bytes reads the same", () => {
  fc.assert(
    fc.property(anyBytes, cuts, (bytes, places) => {
      expect(readRequests(cutAt(bytes, places))).toEqual(readRequests([bytes]));
    }),
    { numRuns: 5_000 },
  );
});

test("what a client wrote is what is read, one request after another", () => {
  fc.assert(
    fc.property(fc.array(soundRequest, { minLength: 1, maxLength: 4 }), cuts, (written, places) => {
      const bytes = Buffer.concat(written.map((request) => request.bytes));
      const { requests, refusal } = readRequests(cutAt(bytes, places));
      expect(refusal).toBeNull();
      expect(
        requests.map(({ head, body, isWhole }) => ({
          method: head.method,
          target: head.target,
          fields: head.headers,
          body: Buffer.from(body),
          isWhole,
        })),
      ).toEqual(
        written.map(({ method, target, fields, body }) => ({
          method,
          target,
          fields,
          body: Buffer.from(body),
          isWhole: true,
        })),
      );
    }),
    { numRuns: 2_000 },
  );
});

test("any bytes at all are read without throwing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), cuts, (bytes, places) => {
      expect(readRequests(cutAt(bytes, places))).toEqual(readRequests([bytes]));
    }),
    { numRuns: 2_000 },
  );
});
