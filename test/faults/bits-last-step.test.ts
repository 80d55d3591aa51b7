import { describe, expect, it } from "vitest";
import type { Upload } from "../support/upload.ts";
import { type BitsBench, DONE, FRAGMENTS, told, useBitsBench, WHOLE } from "./bits-bench.ts";

const bench = useBitsBench();

const CANNOT_SAY = [502, 0x80072efe, 0x5];
const HELD = [503, 0x801901f7, 0x7];

/** Every packet is served, and its connection broken before the Ack, from the nth of a type on; then nothing is served. */
function goDownAt(type: string, nth: number): void {
  let seen = 0;
  let isDown = false;
  bench().origin.instead = (packet) => {
    if (isDown) return "reset";
    isDown = packet.type === type && ++seen === nth;
    return isDown ? "take and reset" : undefined;
  };
}

/** The edge is killed while the nth packet of a type has no Ack. @returns when it runs again */
async function killAt(
  type: string,
  nth: number,
  upload: Upload<BitsBench>,
  send: () => Promise<unknown>,
): Promise<void> {
  const { origin, edge } = bench();
  const reached = Promise.withResolvers<void>();
  let seen = 0;
  let isKilled = false;
  origin.instead = (packet) => {
    if (isKilled) return "reset";
    if (packet.type !== type || ++seen !== nth) return undefined;
    isKilled = true;
    reached.resolve();
    return "take and stay silent";
  };
  const sending = send().catch(() => undefined);
  await reached.promise;
  await edge.kill();
  await sending;
  origin.reset();
  bench().serveFile(upload);
  await edge.restart();
}

describe("The answer to the last step may be lost (ruling 19, outcome unknown)", () => {
  it("a session that is gone is decided by the file", async () => {
    const upload = await bench().begin("/close/");
    bench().onceAt("Close-Session", 1, "take and reset");
    bench().serveFile(upload);
    expect(told(await upload.close())).toEqual(DONE);
    expect(bench().origin.takeTypes()).toEqual([...WHOLE, "Close-Session", "GET"]);
    bench().expectPublished(upload);
  });

  it("where the file does not say, the upload is sent again", async () => {
    const upload = await bench().begin("/close/");
    bench().onceAt("Close-Session", 1, "take and reset");
    expect(told(await upload.close())).toEqual(DONE);
    expect(bench().origin.takeTypes()).toEqual([...WHOLE, "Close-Session", "GET", ...WHOLE]);
    bench().expectPublished(upload);
  });

  it.each(["/close/", "/hold/"])(
    "where the origin cannot be asked, the client comes again, and it is decided then: %s",
    async (directory) => {
      const upload = await bench().begin(directory);
      goDownAt("Close-Session", 1);
      expect(told(await upload.close())).toEqual(CANNOT_SAY);
      bench().origin.reset();
      bench().serveFile(upload);
      expect(told(await upload.close())).toEqual(DONE);
      expect(bench().origin.takeTypes()).toEqual(["Close-Session", "GET"]);
    },
  );

  it("a Close-Session that never came is sent again, and nothing else", async () => {
    const upload = await bench().begin("/hold/");
    bench().origin.instead = ({ type }) => (type === "Close-Session" ? "reset" : undefined);
    expect(told(await upload.close())).toEqual(CANNOT_SAY);
    bench().origin.reset();
    expect(told(await upload.close())).toEqual(DONE);
    expect(bench().origin.takeTypes()).toEqual(["Close-Session"]);
    bench().expectPublished(upload);
  });
});

describe('Nothing is sent twice that may have counted (unknown_outcome = "hold")', () => {
  it("it waits for the operator where the file does not say", async () => {
    const upload = await bench().begin("/hold/");
    bench().onceAt("Close-Session", 1, "take and reset");
    for (let again = 0; again < 2; again++) expect(told(await upload.close())).toEqual(HELD);
    expect(bench().origin.takeTypes()).toEqual([...WHOLE, "Close-Session", "GET"]);
  });

  it("also where the application may have been told of the last Fragment, and the session is gone", async () => {
    const upload = await bench().create("/hold-last/");
    goDownAt("Fragment", FRAGMENTS.length);
    expect(told(await upload.send())).toEqual(CANNOT_SAY);
    bench().origin.reset();
    bench().origin.forget();
    for (let again = 0; again < 2; again++) expect(told(await upload.send())).toEqual(HELD);
    expect(bench().origin.takeTypes()).toEqual(["Fragment"]);
  });

  it("but goes again where the origin lost it before the last byte", async () => {
    const upload = await bench().begin("/hold/");
    let seen = 0;
    bench().origin.instead = ({ type }) => {
      if (type === "Fragment" && ++seen === FRAGMENTS.length - 1) bench().origin.forget();
      return undefined;
    };
    expect(told(await upload.close())).toEqual(DONE);
    bench().expectPublished(upload);
  });
});

describe("An edge that is killed knows what may have counted", () => {
  it.each([
    ["Create-Session", 1, WHOLE],
    ["Fragment", 1, WHOLE.slice(1)],
    ["Fragment", 7, WHOLE.slice(7)],
    ["Fragment", FRAGMENTS.length, ["Fragment", "Close-Session"]],
    ["Close-Session", 1, ["Close-Session", "GET"]],
  ])("at %s %d, and is not held", async (type, nth, packets) => {
    for (const directory of ["/close/", "/hold/"]) {
      const upload = await bench().begin(directory);
      await killAt(type, nth, upload, async () => await upload.close());
      expect(told(await upload.close())).toEqual(DONE);
      bench().expectPublished(upload);
      // The origin has taken the Fragment whose Ack was lost: it says 416, and where it stands.
      expect(bench().origin.takeTypes()).toEqual(packets);
    }
  });

  it("at the Close-Session whose file is not there: held", async () => {
    const upload = await bench().begin("/hold/");
    await killAt("Close-Session", 1, upload, async () => await upload.close());
    bench().origin.reset();
    expect(told(await upload.close())).toEqual(HELD);
    expect(bench().origin.takeTypes()).toEqual(["Close-Session", "GET"]);
  });
});
