/** Characters that need no escape anywhere in a URL (RFC 3986 2.3): escaped or not, they are the same character. */
const UNRESERVED = /^[A-Za-z0-9._~-]$/;

/** What a path may not hold as it is (RFC 3986 3.3); lenient servers let it in, and each has its own escape for it. */
const NO_PATH_CHARACTER = /[^A-Za-z0-9._~!$&'()*+,;=:@/%-]/gu;

/** What escapes may not hide: a separator, the end of a C string, what ends a line. http.sys refuses controls as well. */
const CONTROL_OR_SEPARATOR = /^(?:[01][0-9A-F]|7F|2F|5C)$/;

/**
 * Characters that Windows makes a slash or a backslash of where an application asks for the name in an ANSI code page:
 * the "best fit" of code page 1252 (fraction slash, division slash, set minus, reverse solidus overlay, both fullwidth
 * forms), and the yen and won signs, which are the backslash of code pages 932 and 949.
 */
const LOOKS_LIKE_A_SLASH = /[\u20E5\u2044\u2215\u2216\uFF0F\uFF3C\u00A5\u20A9]/;

/** A segment of nothing but dots, or of what Windows makes a dot of, of which one at least is no plain dot. */
const LOOKS_LIKE_A_PARENT = /(?:^|\/)(?=[^/]*[\uFF0E\u2024])[.\uFF0E\u2024]+(?:\/|$)/;

/** A segment that is a dot or two to a server that takes off parameters: `..;x` is a parent to Java's (Servlet 6.0, 3.5). */
const DOTS_WITH_PARAMETER = /^\.{1,2}(?:;|%3B)/;

/**
 * A character that UTF-8 writes with more bytes than it needs (RFC 3629 3). A strict reader sees no character at all, a
 * careless one sees a slash or a dot.
 */
const OVERLONG = /%(?:C[01]%[89AB]|E0%[89]|F0%8)/;

/**
 * The one form of a URL's path that every rule compares and that the origin is sent (ruling 27, one canonical path).
 * Escapes of unreserved characters are decoded, once; all other escapes keep their meaning and get upper-case digits;
 * what needs an escape has one; empty segments fold to one slash; `.` and `..` are resolved. Letters keep the client's case.
 * docs/decisions/0018-one-canonical-path.md has the reasons.
 *
 * @param path as it stood on the request line, without its query
 * @returns null where somebody could read the path in another way, and it is to be answered 400: a broken escape, an
 *   escaped slash, backslash or control character, a bare backslash, an escape of an escape, overlong UTF-8, a character
 *   that Windows turns into a slash or a dot, a parent of an empty segment or of the root, or one with a parameter
 */
export function canonicalPath(path: string): string | null {
  if (!path.startsWith("/") || path.includes("\\") || /%(?![0-9A-Fa-f]{2})/.test(path)) return null;
  const decoded = decodeUnreserved(path.toWellFormed().replaceAll(NO_PATH_CHARACTER, encodeURIComponent));
  return decoded === null ? null : resolveSegments(decoded);
}

/** What a request is for, in the one form that rules compare: its path, and its query with the question mark or empty. */
export interface CanonicalTarget {
  readonly path: string;
  readonly search: string;
}

/**
 * The canonical form of a request target. A query stays as the client wrote it, but that what needs an escape gets one:
 * no rule of the edge is about queries.
 *
 * @param target path and query as they stood on the request line
 * @returns null where {@link canonicalPath} gives null, and for a target with a fragment, which nobody sends
 */
export function canonicalTarget(target: string): CanonicalTarget | null {
  const queryAt = target.indexOf("?");
  const path = canonicalPath(queryAt === -1 ? target : target.slice(0, queryAt));
  if (path === null || target.includes("#")) return null;
  const search = queryAt === -1 ? "" : new URL(`http://edge.invalid/${target.slice(queryAt)}`).search;
  return { path, search };
}

/**
 * The form in which two canonical paths are compared: without case, as IIS does, and with those characters decoded that
 * RFC 3986 2.2 calls sub-delims. A file system knows no difference between `a&b` and `a%26b`.
 *
 * @param path of {@link canonicalPath}
 */
export function pathKey(path: string): string {
  const lower = path.toLowerCase();
  if (!lower.includes("%")) return lower;
  return lower.replaceAll(/%(?:2[146789abc]|3[abd]|40)/g, decodeURIComponent);
}

/**
 * What `path` names to a server that takes what follows a semicolon in a segment for a parameter, as Java's do (Servlet 6.0,
 * 3.5): `/uploads/secret;a/x` is `/uploads/secret/x` there.
 *
 * @param path of {@link canonicalPath}
 */
export function withoutParameters(path: string): string | null {
  const without = path.replaceAll(/(?:;|%3B)[^/]*/g, "");
  return without === path ? path : canonicalPath(without);
}

function decodeUnreserved(path: string): string | null {
  if (!path.includes("%")) return path;
  let isAmbiguous = false;
  const decoded = path.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => {
    const hex = digits.toUpperCase();
    if (CONTROL_OR_SEPARATOR.test(hex)) isAmbiguous = true;
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : `%${hex}`;
  });
  // %25 is a percent sign; before two digits it is an escape to whoever decodes twice.
  if (isAmbiguous || /%25[0-9A-Fa-f]{2}/.test(decoded) || OVERLONG.test(decoded)) return null;
  const text = decodeUtf8(decoded);
  return LOOKS_LIKE_A_SLASH.test(text) || LOOKS_LIKE_A_PARENT.test(text) ? null : decoded;
}

/** The text of all escapes that are UTF-8; the others, of an old client's code page, stay as they are. */
function decodeUtf8(path: string): string {
  return path.replaceAll(/(?:%[C-F][0-9A-F])(?:%[89AB][0-9A-F]){1,3}/g, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}

/** RFC 3986 5.2.4, but that nothing is above the root. */
function resolveSegments(path: string): string | null {
  if (!/\/(?:\.|\/)/.test(path)) return path;
  const segments = path.slice(1).split("/");
  const resolved: string[] = [];
  let hasEmpty = false;
  for (const [at, segment] of segments.entries()) {
    if (DOTS_WITH_PARAMETER.test(segment)) return null;
    const isLast = at === segments.length - 1;
    if (segment === "..") {
      // Who folds first takes away a folder, who resolves first takes away nothing.
      if (hasEmpty || resolved.pop() === undefined) return null;
    } else if (segment !== "." && segment !== "") resolved.push(segment);
    if (segment === "" && !isLast) hasEmpty = true;
    if (isLast && (segment === "" || segment === "." || segment === "..")) resolved.push("");
  }
  return `/${resolved.join("/")}`;
}
