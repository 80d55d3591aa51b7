import { describe, expect, it } from "vitest";
import { closeSession, createSession, fragment } from "../support/bits-client.ts";
import { startEdge } from "../support/edge.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { useBitsBench } from "./bits-bench.ts";
import { BitsOrigin } from "./bits-origin.ts";

const BITS = { handover: "bits" };

const bench = useBitsBench();

describe("BITS-Host-Id ([MC-BUP] 2.2.3.2)", () => {
  it("is followed to a host that the directory lists, and to no other", async () => {
    const other = await BitsOrigin.start();
    const host = `127.0.0.1:${other.port}`;
    const listing = await startEdge({
      vars: {
        ORIGIN_URL: bench().origin.url,
        UPLOAD_DIRECTORIES: [
          { path: "/follows/", ...BITS, origin_hosts: [host] },
          { path: "/stays/", ...BITS },
        ],
      },
    });
    try {
      for (const directory of ["/follows/", "/stays/"]) {
        bench().origin.packets.length = 0;
        other.packets.length = 0;
        const target = `${directory}file.bin`;
        using connection = await RawConnection.open("127.0.0.1", listing.tcpPort);
        const { sessionId = "" } = await createSession(connection, target);
        await fragment(connection, target, { sessionId, first: 0, total: 5, bytes: "hello" });
        bench().origin.more = ({ type }) => (type === "Create-Session" ? { "BITS-Host-Id": host } : {});
        other.instead = ({ type }) =>
          type === "Fragment"
            ? { status: 200, headers: { "BITS-Received-Content-Range": "5" } }
            : { status: 200 };
        expect((await closeSession(connection, target, sessionId)).status).toBe(200);
        expect(other.takeTypes()).toEqual(directory === "/follows/" ? ["Fragment", "Close-Session"] : []);
        expect(bench().origin.takeTypes()).toContain("Create-Session");
      }
    } finally {
      await listing.stop();
      await other.stop();
    }
  });
});

describe('authorize = "origin" asks by a Ping, with the client\'s credentials', () => {
  it.each([
    [{ status: 200 }, 200],
    [{ status: 401, headers: { "WWW-Authenticate": 'Basic realm="iis"' } }, 401],
    [{ status: 403 }, 403],
    [{ status: 404 }, 404],
  ])("%j", async (said, status) => {
    const target = bench().target("/asks/");
    bench().origin.instead = ({ type }) => (type === "Ping" ? said : undefined);
    using connection = await bench().open();
    const headers = { Authorization: "Basic YWxpY2U6c2VjcmV0" };
    expect((await createSession(connection, target, { headers })).status).toBe(status);
    const [ping] = bench().origin.packets;
    const seen = [ping?.type, ping?.target, ping?.headers["authorization"]];
    expect(seen).toEqual(["Ping", target, headers.Authorization]);
  });

  it("by an origin that cannot be reached nobody is admitted", async () => {
    bench().origin.instead = () => "reset";
    using connection = await bench().open();
    expect((await createSession(connection, bench().target("/asks/"))).status).toBe(502);
  });
});
