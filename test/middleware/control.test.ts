import { expect, test } from "vitest";
import { control } from "../../src/middleware/control.ts";
import { isDraining } from "../../src/runtime/draining.ts";

const KEY = "only the program that started the runtime";

// That the right key begins the end is shown by test/deploy/serve-signals.test.ts; here it would end in other tests.
test.each([
  ["no key", { key: KEY, method: "POST", said: null }],
  ["another key", { key: KEY, method: "POST", said: "Bearer another" }],
  ["another method", { key: KEY, method: "GET", said: `Bearer ${KEY}` }],
  [
    "any key, if the edge was started without one",
    { key: undefined, method: "POST", said: "Bearer undefined" },
  ],
])(
  "whoever is on the machine and has %s is answered 403, and the edge goes on",
  async (_, { key, method, said }) => {
    const headers = said === null ? {} : { Authorization: said };
    const request = new Request("http://127.0.0.1/", { method, headers });
    const { status } = control.fetch(request, { CONTROL_KEY: key });
    expect(status).toBe(403);
    expect(isDraining()).toBe(false);
  },
);
