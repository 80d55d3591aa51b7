/**
 * Replaces each text, which must be there exactly once: so a shipped file and what a test changes in it
 * cannot part.
 */
export function replaceOnce(text: string, replacements: Readonly<Record<string, string>>): string {
  let replaced = text;
  for (const [from, to] of Object.entries(replacements)) {
    if (text.split(from).length !== 2) throw new Error(`the shipped file should say ${from} once`);
    replaced = replaced.replace(from, () => to);
  }
  return replaced;
}
