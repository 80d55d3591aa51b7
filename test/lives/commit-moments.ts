import type { Fault } from "../faults/faulty-origin.ts";

/** A moment of a commit, and what is certain about the application then. */
export interface CommitMoment {
  readonly name: string;
  /** How far the commit gets: resolves `reached` there, and does nothing more. */
  readonly stopThere: (reached: () => void) => Fault;
  /** Whether the application has taken the upload by then. */
  readonly isTaken: boolean;
}

/** More than lies in buffers: when it has left, the edge has stored pieces of it. */
const TORN_BYTES = 16 * 1024 * 1024;

/** Every moment at which the application has the commit and the edge does not have its answer. */
export const COMMIT_MOMENTS: readonly CommitMoment[] = [
  { name: "its head has come", stopThere: (reached) => () => reached(), isTaken: false },
  {
    name: "half of its body has come",
    stopThere:
      (reached) =>
      async ({ body, length }) => {
        let received = 0;
        for await (const chunk of body()) {
          received += chunk.length;
          if (received >= length / 2) break;
        }
        reached();
      },
    isTaken: false,
  },
  {
    name: "all of it has come",
    stopThere:
      (reached) =>
      async ({ body }) => {
        for await (const chunk of body()) void chunk;
        reached();
      },
    isTaken: false,
  },
  {
    name: "the application has taken it",
    stopThere:
      (reached) =>
      async ({ deliver }) => {
        await deliver();
        reached();
      },
    isTaken: true,
  },
];

/** Where the answer's body is the reply, the edge waits for its end. */
export const TORN_REPLY: CommitMoment = {
  name: "a part of the answer has come",
  stopThere:
    (reached) =>
    async ({ socket, deliver }) => {
      await deliver();
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${TORN_BYTES + 1}\r\n\r\n`);
      socket.write(Buffer.alloc(TORN_BYTES), () => reached());
    },
  isTaken: true,
};
