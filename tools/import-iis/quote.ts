/**
 * Text of a configuration file → the same in double quotes on one line, without control characters: a
 * TOML basic string, which is also safe in a TOML comment and on a terminal.
 */
export function quote(text: string): string {
  // JSON's escapes are a subset of TOML's; TOML also wants DEL escaped, and terminals obey C1 controls.
  return JSON.stringify(text.toWellFormed()).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
