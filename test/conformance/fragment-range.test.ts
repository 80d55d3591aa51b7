import { describe, expect, it } from "vitest";
import { expectAck, INVALID, TOO_LARGE } from "./expect-ack.ts";
import { type Door, useBench } from "./support.ts";

const bench = useBench();

describe.each<Door>(["tcp", "http"])(
  "Content-Range of Fragments over the %s door ([MC-BUP] 2.2.6.1)",
  (door) => {
    it.each(["bytes 0--1/0", "bytes 0-18446744073709551615/0", "bytes 0-0/0", "bytes */0", "Bytes */0"])(
      "an empty file, announced as %s ([MC-BUP] 3.1.5.1.4; ruling 11)",
      async (range) => {
        for (const directory of ["/uploads/", "/notify/"]) {
          using upload = await bench().begin(0, { door, directory });
          const headers = { "Content-Range": range };
          for (let turn = 0; turn < 2; turn++) {
            expectAck(await upload.send(0, 0, { headers }), { sessionId: upload.sessionId, offset: 0 });
          }
          expectAck(await upload.close(), upload.done);
          await bench().expectPublished(upload.target, Buffer.alloc(0));
          expect(
            bench()
              .commitsOf(upload.target)
              .map(({ headers: sent }) => sent["content-length"]),
          ).toEqual(["0"]);
        }
      },
    );

    it.each<[string, string | readonly string[] | null]>([
      ["none", null],
      ["an empty one", ""],
      ["no unit", "4-9/10"],
      ["another unit", "octets 4-9/10"],
      ["the unit of Range", "bytes=4-9/10"],
      ["no total", "bytes 4-9"],
      ["an unknown total", "bytes 4-9/*"],
      ["an unknown place", "bytes */10"],
      ["last before first", "bytes 9-4/10"],
      ["last at the total", "bytes 5-10/10"],
      ["last beyond the total", "bytes 4-9/9"],
      [
        "last beyond the total by one, above 2^53",
        "bytes 9007199254740993-9007199254740998/9007199254740998",
      ],
      ["a sign", "bytes +4-9/10"],
      ["a negative place", "bytes -4-9/10"],
      ["spaces inside", "bytes 4 - 9/10"],
      ["spaces round the total", "bytes 4-9 / 10"],
      ["two spaces", "bytes  4-9/10"],
      ["a tab", "bytes\t4-9/10"],
      ["hexadecimal numbers", "bytes 0x4-0x9/0xA"],
      ["fractions", "bytes 4.0-9.0/10.0"],
      ["two ranges", "bytes 4-9/10, 4-9/10"],
      ["the header twice", ["bytes 4-9/10", "bytes 4-9/10"]],
      ["a byte less than the body", "bytes 4-8/10"],
      ["a byte more than the body", "bytes 3-9/10"],
      ["an empty one with a body", "bytes 0-0/0"],
      ["another total, larger", "bytes 4-9/11"],
      ["another total, 2^32 larger", "bytes 4-9/4294967306"],
    ])("with %s: 400, the offset ([MC-BUP] 2.2.1.2; rulings 4 and 8)", async (_, range) => {
      using upload = await bench().begin(10, { door });
      const { sessionId } = upload;
      expectAck(await upload.send(0, 4), { sessionId, offset: 4 });
      const headers = { "Content-Range": range };
      expectAck(await upload.send(4, 10, { headers }), { ...INVALID, sessionId, offset: 4 });
      expectAck(await upload.send(4), { sessionId, offset: 10 });
    });

    it.each(["bytes 0004-00009/0000000000000000000010", "Bytes 4-9/10", "BYTES 4-9/10", "   bytes 4-9/10  "])(
      "%s is a good one (RFC 9110 14.4)",
      async (range) => {
        using upload = await bench().begin(10, { door });
        const { sessionId } = upload;
        expectAck(await upload.send(0, 4), { sessionId, offset: 4 });
        expectAck(await upload.send(4, 10, { headers: { "Content-Range": range } }), {
          sessionId,
          offset: 10,
        });
      },
    );

    it.each<[string, string]>([
      ["the directory's limit", "9000000001"],
      ["2^53 - 1", "9007199254740991"],
      ["2^53", "9007199254740992"],
      ["2^63", "9223372036854775808"],
      ["2^64", "18446744073709551616"],
      ["10^30", `1${"0".repeat(30)}`],
    ])("a total of %s: 500, BG_E_TOO_LARGE, the offset ([MC-BUP] 2.2.1.2; ruling 10)", async (_, total) => {
      using upload = await bench().begin(6, { door });
      const { sessionId } = upload;
      const headers = { "Content-Range": `bytes 0-5/${total}` };
      expectAck(await upload.send(0, 6, { headers }), { ...TOO_LARGE, sessionId, offset: 0 });
    });
  },
);
