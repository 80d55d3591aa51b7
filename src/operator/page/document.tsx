import { html } from "hono/html";
import type { Child } from "hono/jsx";
import type { Operator } from "../seat.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";
import { Marks } from "./mark.tsx";
import { visible } from "./visible.ts";

/** What every page of the operator's has around its own content. */
export interface DocumentProperties {
  readonly title: string;
  /** Path of the page, with a slash at both ends. */
  readonly base: string;
  readonly operator: Operator;
  /** Where a form logs him out; null where he did not log in by one. */
  readonly logOutPath: string | null;
  /** Where the script asks for what `children` are now; null for a page that does not change. */
  readonly live: string | null;
  readonly children: Child;
}

/** The whole document. It has no script and no style inside: the page's policy allows neither. */
export function formatDocument(properties: DocumentProperties): ReturnType<typeof html> {
  return html`<!doctype html>${(<Document {...properties} />)}`;
}

function Document({ title, base, operator, logOutPath, live, children }: DocumentProperties) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{`${title} – bits-edge`}</title>
        <link rel="stylesheet" href={`${base}${STYLE.address}`} />
        <script src={`${base}${SCRIPT.address}`} defer />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <Marks />
        <header class="bar">
          <a class="home" href={base}>
            bits-edge
          </a>
          <span class="live" id="live" role="status" />
          <button class="quiet" id="pause" type="button" hidden>
            Pause
          </button>
          <span class="who">
            {operator.mayAct ? "acting" : "looking"} as {visible(operator.name)}
          </span>
          {logOutPath !== null && (
            <form method="post" action={logOutPath}>
              <button class="quiet" type="submit">
                Log out
              </button>
            </form>
          )}
        </header>
        <main id="main" tabindex={-1} data-live={live ?? undefined}>
          {children}
        </main>
      </body>
    </html>
  );
}
