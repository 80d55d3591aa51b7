/** The globals that this room needs of any runtime: none of them reads, writes or waits. */
declare class URL {
  constructor(url: string, base?: string);
  readonly host: string;
  readonly pathname: string;
  readonly search: string;
  readonly href: string;
  static canParse(url: string, base?: string): boolean;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: Uint8Array): string;
}
declare class Headers {
  constructor(fields?: Iterable<readonly [string, string]>);
  get(name: string): string | null;
  has(name: string): boolean;
  append(name: string, value: string): void;
  delete(name: string): void;
  getSetCookie(): string[];
  [Symbol.iterator](): IterableIterator<[string, string]>;
}
declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}
