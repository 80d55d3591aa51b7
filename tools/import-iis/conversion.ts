/** A setting of `[[vars.UPLOAD_DIRECTORIES]]`, in wrangler.toml's spelling. */
export type Setting = readonly [name: string, value: string | number | boolean | readonly string[]];

/** What one property, or a few that belong together, become. */
export interface Conversion {
  readonly settings: readonly Setting[];
  /** Sentences for the person who imports: what is not carried over, and what to look at. */
  readonly notes: readonly string[];
}

/** Effective properties of a directory, by metabase name. */
export type Properties = ReadonlyMap<string, string>;

/** No setting, and the reasons. */
export function nothing(...notes: readonly string[]): Conversion {
  return { settings: [], notes };
}

/** A Boolean as IIS writes it: `TRUE`, `true`, `1`. */
export function isTrue(value: string): boolean {
  return /^\s*(?:true|1|yes)\s*$/i.test(value);
}

/** A whole number; null for anything else. */
export function wholeNumber(value: string): number | null {
  const number = Number(value);
  return /^\s*\d+\s*$/.test(value) && Number.isSafeInteger(number) ? number : null;
}
