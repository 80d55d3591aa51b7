import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { operatorPage } from "../../../src/operator/page/page.tsx";
import type { Operator } from "../../../src/operator/seat.ts";
import { GeneratedSeat } from "./generated-seat.ts";

export { SessionCounter, SessionIndex, UploadSegment, UploadSession } from "../../../src/worker.ts";

/** The moment that the generated page shows, so that a picture of it is always the same. */
const NOW = Date.UTC(2026, 10, 27, 15, 42, 8);
const OPERATOR: Operator = { name: "token", mayAct: true };

let seat: GeneratedSeat | undefined;

/** A Worker that serves the operator's page over a fixture: no edge, no uploads, nobody to log in. */
const app = new Hono<{ Bindings: { SESSIONS: number } }>();
app.use(
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
  }),
);
app.route(
  "/_bits/",
  operatorPage(
    (context) => ({
      seat: (seat ??= new GeneratedSeat(context.env.SESSIONS, NOW)),
      operator: OPERATOR,
      base: "/_bits/",
      logOutPath: null,
    }),
    () => NOW,
  ),
);

export default app;
