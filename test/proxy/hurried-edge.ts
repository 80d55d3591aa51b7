// The edge with timers that fire after a hundredth of their time: limits of minutes are held in seconds.
export { default, SessionCounter, SessionIndex, UploadSegment, UploadSession } from "../../src/worker.ts";

const HURRY = 100;
const inTime = globalThis.setTimeout;
globalThis.setTimeout = Object.assign(
  (act: () => void, milliseconds = 0) => inTime(act, milliseconds / HURRY),
  inTime,
);
