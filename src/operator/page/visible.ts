/**
 * Control and format characters, and line separators. They hide, reverse or break the text around them. A destination has
 * them only percent-encoded.
 */
export const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * Text from outside as a page may show it. A character that is invisible, or turns the text around (U+202E in
 * `invoice-exe.pdf`), is written as ⟨U+202E⟩. JSX escapes markup, and this escapes such tricks.
 */
export function visible(text: string): string {
  return text.toWellFormed().replace(UNSEEN, nameOf);
}

function nameOf(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** A long text without its middle: paths differ at their ends. */
export function shortened(text: string, characters = 96): string {
  const letters = Array.from(text);
  if (letters.length <= characters) return text;
  const half = Math.floor((characters - 1) / 2);
  return `${letters.slice(0, half).join("")}…${letters.slice(-half).join("")}`;
}

/** A destination's path as people wrote it, in two parts: its folder, and the file's name. */
export function readablePath(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return {
    folder: visible(decoded(path.slice(0, slash + 1))),
    name: visible(decoded(path.slice(slash + 1))),
  };
}

/** What is no UTF-8 stays percent-encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
