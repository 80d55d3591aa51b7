import type { Deed, DeedKind } from "../seat.ts";
import { RELEASES } from "./deed-words.ts";

/** The deed that a form asks for; null if a release does not say whether the application has the upload. */
export function readDeed(kind: DeedKind, form: Readonly<Record<string, unknown>>): Deed | null {
  if (kind !== "release") return { kind };
  const answer = RELEASES.find(({ value }) => value === form["application"]);
  return answer === undefined ? null : { kind, application: answer.value };
}
