/** Looks a word from outside up in a table. A word that only JavaScript knows, such as `constructor`, has no entry. */
export function lookUp<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
