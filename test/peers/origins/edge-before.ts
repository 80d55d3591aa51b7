import { CREATED, expectAck } from "../../conformance/expect-ack.ts";
import { contentOf, Upload } from "../../conformance/support.ts";
import { createSession } from "../../support/bits-client.ts";
import { type DirectorySettings, type Edge, startEdge } from "../../support/edge.ts";
import { RawConnection } from "../../support/raw-connection.ts";
import { type OriginSetup, RealOrigin } from "./real-origin.ts";
import type { ChildProgram } from "../../support/child-program.ts";

/** An edge before a real origin. */
export class EdgeBefore {
  readonly origin: RealOrigin;
  readonly #edge: Edge;

  private constructor(origin: RealOrigin, edge: Edge) {
    this.origin = origin;
    this.#edge = edge;
  }

  static async start(
    startPrograms: (setup: OriginSetup) => Promise<ChildProgram[]>,
    directories: readonly DirectorySettings[],
    vars: Readonly<Record<string, unknown>> = {},
  ): Promise<EdgeBefore> {
    const origin = await RealOrigin.start(startPrograms);
    try {
      const all = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: directories, ...vars };
      return new EdgeBefore(origin, await startEdge({ vars: all }));
    } catch (error) {
      await origin.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#edge.stop(), this.origin.stop()]);
  }

  async open(): Promise<RawConnection> {
    return await RawConnection.open("127.0.0.1", this.#edge.tcpPort);
  }

  /** A new session for a file of these bytes, or of this many. */
  async begin(target: string, content: Buffer | number): Promise<Upload> {
    const bytes = typeof content === "number" ? contentOf(content, target) : content;
    const connection = await this.open();
    const ack = await createSession(connection, target);
    expectAck(ack, CREATED);
    const session = { destination: target, sessionId: ack.sessionId ?? "", bytes };
    return new Upload(this, session, { connection });
  }

  /** A session whose bytes are all at the edge. */
  async beginWhole(target: string, content: Buffer | number): Promise<Upload> {
    const upload = await this.begin(target, content);
    expectAck(await upload.send(), { sessionId: upload.sessionId, offset: upload.bytes.length });
    return upload;
  }
}
