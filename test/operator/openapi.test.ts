import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, expect, test } from "vitest";
import { answer } from "../support/origin-behaviour.ts";
import { useRig } from "../support/rig.ts";
import type { Said } from "./seat-client.ts";
import { SeatedRig } from "./seated-rig.ts";

const rig = useRig(async () => SeatedRig.start(1));

type Schema = Readonly<Record<string, unknown>>;
interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}
let document: {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Schema;
};

beforeAll(async () => {
  document = (await rig().look("openapi.json")).json as unknown as typeof document;
});

test("the description is an OpenAPI 3.1 document", async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(document));
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  expect(validator.version).toBe("3.1");
});

/** Fails unless the document says of this answer what it is, to the last field. */
function expectDescribed(path: string, method: string, { status, json, headers }: Said): void {
  expect(headers.get("content-type")).toMatch(/^application\/json/);
  const described = document.paths[path]?.[method]?.responses[String(status)];
  expect(described, `${method} ${path} ${status}`).toBeDefined();
  const schema = described?.content["application/json"]?.schema ?? {};
  // The names of the answer are the document's: what it does not name is not sent.
  const strict = JSON.parse(
    JSON.stringify({ components: document.components, ...schema }).replaceAll(
      '"type":"object","properties"',
      '"type":"object","additionalProperties":false,"properties"',
    ),
  ) as Schema;
  const validate = new Ajv2020({ strict: false }).compile(strict);
  expect(validate(json), `${JSON.stringify(validate.errors)} ${JSON.stringify(json)}`).toBe(true);
}

test("every answer is what the description says of it", async () => {
  using whole = await rig().beginWhole(1_000);
  rig().origin.queue(answer(507, { Server: "IIS" }));
  await whole.close();
  using held = await rig().beginWhole(1_000, "/hold/");
  rig().origin.queue({ kind: "close" });
  await held.close();
  const [one, other] = [whole.sessionName, held.sessionName];

  expectDescribed("/overview", "get", await rig().look("overview"));
  expectDescribed("/sessions", "get", await rig().look("sessions"));
  expectDescribed("/sessions", "get", await rig().look("sessions?limit=0"));
  for (const name of [one, other])
    expectDescribed("/sessions/{id}", "get", await rig().look(`sessions/${name}`));
  expectDescribed("/sessions/{id}", "get", await rig().look("sessions/x"));
  expectDescribed("/sessions/{id}/rescue", "post", await rig().act(one, "rescue"));
  expectDescribed("/sessions/{id}/prolong", "post", await rig().act(one, "prolong"));
  expectDescribed("/sessions/{id}/commit", "post", await rig().act(one, "commit"));
  expectDescribed("/sessions/{id}/commit", "post", await rig().act(other, "commit"));
  expectDescribed("/sessions/{id}/release", "post", await rig().act(other, "release"));
  expectDescribed("/sessions/{id}/release", "post", await rig().act(other, "release", "has-it"));
  expectDescribed("/sessions/{id}/cancel", "post", await rig().act(other, "cancel"));
  expectDescribed("/sessions/{id}/cancel", "post", await rig().act("x", "cancel"));
});

test("every path that is described is there", async () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const method of Object.keys(methods).filter((name) => name === "get" || name === "post")) {
      const target = path.slice(1).replace("{id}", "x");
      const said =
        method === "get" ? await rig().look(target) : await rig().act("x", target.split("/")[2] ?? "");
      expect(said.json, `${method} ${path}`).not.toBeNull();
    }
  }
});
