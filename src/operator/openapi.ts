import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { DETAILS, OVERVIEW, PAGE, PROBLEM, RELEASE, RESCUE, SEARCH } from "./api-schema.ts";
import type { DeedKind } from "./seat.ts";

type Json = Readonly<Record<string, unknown>>;

const SCHEMAS = {
  Overview: OVERVIEW,
  Page: PAGE,
  Session: DETAILS,
  Rescue: RESCUE,
  Problem: PROBLEM,
} as const;

/** Statuses of refusals, and what they mean to whoever calls. */
const PROBLEMS = {
  400: "The request says something that it may not.",
  401: "No operator.",
  403: "An operator who may look, and not act.",
  404: "No such session, or none any more.",
  409: "The deed makes no sense where the session stands; the sentence says why.",
  429: "Too many wrong tokens within a minute.",
  501: "This edge has no list of its sessions.",
  503: "A session's object cannot be asked just now. Retry-After says when to come again; a deed may have been done.",
} as const;

const ID: Json = {
  name: "id",
  in: "path",
  required: true,
  schema: { type: "string" },
  description: "A session's id, without braces.",
};

const DEEDS: Readonly<Record<DeedKind, string>> = {
  commit:
    "Hands the upload to the application now, or joins the attempt that runs. Waits up to ten seconds for its end.",
  cancel: "As Cancel-Session: everything of the session is deleted.",
  prolong: "The session's time starts again.",
  release:
    "Ends the doubt about a held upload: the application has it, or it is sent again with the same key.",
};

/**
 * The seat's JSON as an OpenAPI 3.1 document, made from the schemas that its answers are tested against.
 *
 * @param path where the seat is
 */
export function openApi(path: string): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "bits-edge: the operator's seat",
      version: "1",
      description: "Times are milliseconds since 1970, sizes are bytes. Every deed may be repeated.",
    },
    servers: [{ url: path }],
    security: [{ token: [] }],
    paths: {
      "/overview": { get: operation("How the edge is.", "Overview", [401, 429]) },
      "/sessions": {
        get: {
          ...operation("Sessions, the one that changed last first.", "Page", [400, 401, 429, 501]),
          parameters: queryParameters(),
        },
      },
      "/sessions/{id}": {
        parameters: [ID],
        get: operation("One session.", "Session", [401, 404, 429]),
      },
      ...Object.fromEntries(
        Object.entries(DEEDS).map(([deed, says]) => [`/sessions/{id}/${deed}`, deedPath(deed, says)]),
      ),
      "/sessions/{id}/rescue": {
        parameters: [ID],
        post: operation("A signed URL of the upload's bytes.", "Rescue", [401, 403, 404, 429]),
      },
    },
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, schemaOf(schema)])),
    },
  };
}

function deedPath(deed: string, says: string): Json {
  const body = { required: true, content: { "application/json": { schema: schemaOf(RELEASE) } } };
  return {
    parameters: [ID],
    post: {
      ...operation(says, "Session", [400, 401, 403, 404, 409, 429]),
      ...(deed === "release" ? { requestBody: body } : {}),
    },
  };
}

function operation(
  summary: string,
  answer: keyof typeof SCHEMAS,
  problems: readonly (keyof typeof PROBLEMS)[],
): Json {
  const refusals = [...problems, 503 as const].map(
    (status) => [String(status), response(PROBLEMS[status], "Problem")] as const,
  );
  return { summary, responses: { "200": response("Done.", answer), ...Object.fromEntries(refusals) } };
}

function response(description: string, schema: keyof typeof SCHEMAS): Json {
  return {
    description,
    content: { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } },
  };
}

function queryParameters(): Json[] {
  return Object.entries(SEARCH.entries).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    schema: schemaOf(schema),
  }));
}

function schemaOf(schema: GenericSchema): Json {
  // As a caller writes them in a query or a body, before the edge parses them.
  const { $schema: _, ...json } = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "input",
    errorMode: "ignore",
  });
  return json;
}
