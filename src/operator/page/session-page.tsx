import { formatSessionId, issuedAtOf } from "../../protocol/session-id.ts";
import type { Operator, SessionDetails } from "../seat.ts";
import { DeedList } from "./deeds.tsx";
import { Standing } from "./mark.tsx";
import { Moment } from "./moment.tsx";
import { nextInWords } from "./next.ts";
import { Progress } from "./progress.tsx";
import { bytesInWords, countInWords } from "./quantities.ts";
import { Timeline } from "./timeline.tsx";
import { uploadName } from "./upload-name.ts";
import { visible } from "./visible.ts";
import { STATES } from "./state-words.ts";

/** What a session's own page is made of. */
export interface SessionProperties {
  readonly session: SessionDetails;
  readonly operator: Operator;
  readonly base: string;
  /** What was just done to it, in a sentence. */
  readonly notice: string | null;
}

/** Everything that is known of one session, and what may be done to it. */
export function SessionPage({ session, operator, base, notice }: SessionProperties) {
  return (
    <>
      <p class="back">
        <a href={base}>All uploads</a>
      </p>
      {notice !== null && (
        <p class="notice" role="status">
          {notice}
        </p>
      )}
      <h1 class="name">
        <bdi>{uploadName(session)}</bdi>
      </h1>
      <div class="now">
        <Standing state={session.state} />
        <span>{STATES[session.state].means}</span>
        {session.state === "receiving" && (
          <div class="amount">
            <Progress session={session} />
          </div>
        )}
      </div>
      <div class="two">
        <div>
          <section aria-labelledby="next">
            <h2 id="next">What happens next</h2>
            <p>{nextInWords(session)}</p>
          </section>
          <DeedList session={session} operator={operator} base={base} />
          <Timeline history={session.history} />
        </div>
        <div>
          <Facts session={session} />
          <LastAnswer answer={session.lastAnswer} />
        </div>
      </div>
    </>
  );
}

function Facts({ session }: { readonly session: SessionDetails }) {
  const facts: readonly (readonly [string, unknown])[] = [
    ["Destination", session.destination === null ? null : <bdi>{visible(session.destination)}</bdi>],
    ["Directory", session.directory === null ? "none serves it any more" : visible(session.directory)],
    ["Client", session.client === null ? null : <bdi>{visible(session.client)}</bdi>],
    ["Size", session.total === null ? null : sizeInWords(session.total)],
    ["Received", session.offset === session.total ? "all of it" : sizeInWords(session.offset)],
    ["SHA-256", session.digest === null ? null : <code>{visible(session.digest)}</code>],
    [
      "Idempotency-Key",
      session.idempotencyKey === null ? null : <code>{visible(session.idempotencyKey)}</code>,
    ],
    ["Session", <code>{formatSessionId(session.session)}</code>],
    ["Begun", <Moment at={issuedAtOf(session.session)} />],
    ["Last change", session.changedAt === null ? null : <Moment at={session.changedAt} />],
    ["Removed", session.until === null ? null : <Moment at={session.until} />],
  ];
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">The upload</h2>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value ?? "not known yet"}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function sizeInWords(bytes: number): string {
  return bytes < 1024 ? bytesInWords(bytes) : `${bytesInWords(bytes)} (${countInWords(bytes)} bytes)`;
}

function LastAnswer({ answer }: { readonly answer: SessionDetails["lastAnswer"] }) {
  if (answer === null) return null;
  return (
    <section aria-labelledby="answer">
      <h2 id="answer">The application's last answer</h2>
      <table class="fields">
        <caption class="unseen">Status and head fields of the answer</caption>
        <tbody>
          <tr>
            <th scope="row">Status</th>
            <td>{answer.status}</td>
          </tr>
          {answer.fields.map(([name, value]) => (
            <tr>
              <th scope="row">{visible(name)}</th>
              <td>
                <bdi>{visible(value)}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
