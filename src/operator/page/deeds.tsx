import type { DeedKind, Operator, SessionDetails } from "../seat.ts";
import { uploadName } from "./upload-name.ts";
import { DEEDS, RELEASES, RESCUE } from "./deed-words.ts";

/** What an operator may do to a session now, with a sentence each. Each leads to a page that asks. */
export function DeedList(properties: {
  readonly session: SessionDetails;
  readonly operator: Operator;
  readonly base: string;
}) {
  const { session, operator, base } = properties;
  const possible = (Object.keys(DEEDS) as DeedKind[]).filter((kind) => session.deeds[kind]);
  if (!operator.mayAct || (possible.length === 0 && session.hasBytes !== true)) return null;
  const path = `${base}session/${session.session}/`;
  return (
    <section aria-labelledby="deeds">
      <h2 id="deeds">What you can do</h2>
      <ul class="deeds">
        {possible.map((kind) => (
          <li>
            <a class={kind === "cancel" ? "button danger" : "button"} href={`${path}${kind}`}>
              {DEEDS[kind].name}
            </a>
            <span>{DEEDS[kind].says}</span>
          </li>
        ))}
        {session.hasBytes === true && (
          <li>
            <form method="post" action={`${path}rescue`}>
              <button type="submit">{RESCUE.name}</button>
            </form>
            <span>{RESCUE.says}</span>
          </li>
        )}
      </ul>
    </section>
  );
}

/** The question before a deed: a plain form. */
export function DeedQuestion(properties: {
  readonly kind: DeedKind;
  readonly session: SessionDetails;
  readonly base: string;
}) {
  const { kind, session, base } = properties;
  const { asks, says, button } = DEEDS[kind];
  const back = `${base}session/${session.session}`;
  return (
    <>
      <p class="back">
        <a href={back}>
          <bdi>{uploadName(session)}</bdi>
        </a>
      </p>
      <h1>{asks}</h1>
      <p>{says}</p>
      <form class="question" method="post" action={`${back}/${kind}`}>
        {kind === "release" && (
          <fieldset>
            <legend>Look at the application first. Then say what you found:</legend>
            {RELEASES.map((answer) => (
              <label>
                <input type="radio" name="application" value={answer.value} required />
                <span>
                  <strong>{answer.name}.</strong> {answer.says}
                </span>
              </label>
            ))}
          </fieldset>
        )}
        <div class="choice">
          <button type="submit" class={kind === "cancel" ? "danger" : "main"}>
            {button}
          </button>
          <a href={back}>Leave it as it is</a>
        </div>
      </form>
    </>
  );
}
