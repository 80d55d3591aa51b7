/** What sessions have stored, by the names of the files in test/fixtures/records: SQL. */
export type Records = Readonly<Record<string, string>>;

/** What origin.setup.ts and records.setup.ts provide: they run on Node, and the tests that take it inside workerd. */
declare module "vitest" {
  interface ProvidedContext {
    originUrl: string;
    witnessUrl: string;
    records: Records;
  }
}
