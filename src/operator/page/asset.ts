/** A file of the page's own: its path below the page, the address that names this very version, its type, its text. */
export interface Asset {
  readonly path: string;
  readonly address: string;
  readonly type: string;
  readonly text: string;
}

/** Names a file with the hash of its text, so that a browser may keep it for ever and a new one has a new name. */
export function makeAsset(path: string, type: string, text: string): Asset {
  return { path, address: `${path}?${hashOf(text)}`, type, text };
}

/** FNV-1a, 32 bits: it tells versions apart, and guards nothing. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
