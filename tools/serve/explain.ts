/** workerd's words for what goes wrong most often at a start, and ours. `$1` is the socket's name. */
const WORDS: readonly (readonly [RegExp, (socket: string) => string])[] = [
  [
    /Socket "(\w+)": bind\(\): Address already in use/,
    (socket) =>
      `The port of the ${socket.toUpperCase()} door is taken by another program; choose another with --${socket}.`,
  ],
  [
    /Socket "(\w+)": bind\(\): Permission denied/,
    (socket) =>
      `This user may not open the port of the ${socket.toUpperCase()} door; choose one above 1023 with --${socket}.`,
  ],
];

/** What an operator is told where workerd does not start. */
export function explain(said: string): string {
  for (const [words, sentence] of WORDS) {
    const [found, socket = ""] = words.exec(said) ?? [];
    if (found !== undefined) return sentence(socket);
  }
  return `workerd does not start.\n${said}`;
}
