import { describe, expect, it } from "vitest";
import { useBench } from "./bench.ts";

const CAP = 1024 * 1024 + 1;

describe("A directory that takes 1,048,577 bytes", () => {
  const bench = useBench({
    vars: { UPLOAD_DIRECTORIES: [{ path: "/files/", maximum_upload_bytes: CAP }] },
  });

  it("takes them", async () => {
    const upload = await bench().beginWhole(CAP);
    expect((await upload.close()).status).toBe(200);
    expect((await bench().published(upload.destination))?.equals(upload.bytes)).toBe(true);
  });

  it.each([1, CAP, CAP + 1])(
    "refuses one more with the first Fragment that announces it, of %d bytes (ruling 10)",
    async (first) => {
      const upload = await bench().begin(CAP + 1);
      const { status, errorCode, errorContext, receivedContentRange } = await upload.send(0, first);
      expect([status, errorCode, errorContext, receivedContentRange]).toEqual([500, 0x80200020, 5, 0]);
      expect((await upload.close()).status).toBe(400);
      expect(bench().commitsOf(upload.destination)).toHaveLength(0);
    },
  );
});
