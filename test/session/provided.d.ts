import "vitest";

/** What origin.setup.ts and records.setup.ts provide: they run on Node, and the tests that take it inside workerd. */
declare module "vitest" {
  interface ProvidedContext {
    originUrl: string;
    witnessUrl: string;
    records: Readonly<Record<string, string>>;
  }
}
