/** Control and format characters; a destination has none but percent-encoded. They hide, reverse or break what stands around them. And line separators. */
export const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * Text from outside as a page may show it: what could not be seen, or could turn the text around (U+202E in
 * `invoice-exe.pdf`), is written as ⟨U+202E⟩. JSX makes text of markup, this makes text of tricks.
 */
export function visible(text: string): string {
  return text.toWellFormed().replace(UNSEEN, nameOf);
}

function nameOf(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** A long text without its middle: what distinguishes paths is at their ends. */
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
