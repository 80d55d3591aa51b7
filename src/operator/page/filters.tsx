import { GROUPS } from "./groups.ts";
import { FIRST_VIEW, formatView, isFiltered, type View } from "./view.ts";

/** How long nothing was heard, in seconds. */
const QUIET = [
  [0, "any time"],
  [600, "over 10 minutes ago"],
  [3_600, "over an hour ago"],
  [86_400, "over a day ago"],
  [604_800, "over a week ago"],
] as const;

/** What narrows the list: a plain form, which the script leaves alone. */
export function Filters({ view, base }: { readonly view: View; readonly base: string }) {
  return (
    <form class="filters" method="get" action={base} role="search" aria-label="Uploads" data-still>
      <label>
        State
        <select name="state">
          {[...GROUPS].map(([word, { name }]) => (
            <option value={word} selected={word === view.state}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Directory
        <input name="directory" value={view.directory} placeholder="/uploads/" spellcheck={false} />
      </label>
      <label class="long">
        Path begins with
        <input name="path" value={view.path} placeholder="/uploads/2026/" spellcheck={false} />
      </label>
      <label>
        Client
        <input name="client" value={view.client} placeholder="192.0.2.7" spellcheck={false} />
      </label>
      <label>
        Last heard
        <select name="quiet">
          {QUIET.map(([seconds, words]) => (
            <option value={seconds === 0 ? "" : String(seconds)} selected={seconds === view.quiet}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Filter</button>
      {isFiltered(view) && (
        <a class="clear" href={`${base}${formatView({ ...FIRST_VIEW, state: view.state })}`}>
          Clear
        </a>
      )}
    </form>
  );
}
