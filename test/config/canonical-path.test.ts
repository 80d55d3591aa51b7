import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalPath, pathKey, withoutParameters } from "../../src/config/canonical-path.ts";

test.each([
  ["plain letters stay", "/uploads/A b.bin".replace(" ", "%20"), "/uploads/A%20b.bin"],
  ["a needless escape is decoded", "/uploads/%73ecret/x", "/uploads/secret/x"],
  ["a hyphen too", "/uploads/BITS%2dSessions", "/uploads/BITS-Sessions"],
  ["and a tilde", "/%7Euser", "/~user"],
  ["digits of an escape are upper case", "/%c3%a4", "/%C3%A4"],
  ["a plus sign stays escaped", "/a%2bb", "/a%2Bb"],
  ["empty segments fold", "/PSDLogs//PC01.zip", "/PSDLogs/PC01.zip"],
  ["at the start and at the end too", "///a///", "/a/"],
  ["a dot is nothing", "/a/./b/.", "/a/b/"],
  ["a parent is resolved, escaped or not", "/a/b/%2e%2E/c/../d", "/a/d"],
  ["a percent sign that escapes nothing twice stays", "/100%25.pdf", "/100%25.pdf"],
  ["a code page of old stays", "/caf%e9", "/caf%E9"],
  ["a name of dots is a name", "/.../...a", "/.../...a"],
  ["fullwidth letters are letters", "/%EF%BC%A1%EF%BC%88", "/%EF%BC%A1%EF%BC%88"],
  ["what needs an escape gets one", '/[a]|{"\u00e4"}', "/%5Ba%5D%7C%7B%22%C3%A4%22%7D"],
  ["the root", "/", "/"],
])("%s: %s", (_what, path, canonical) => {
  expect(canonicalPath(path)).toBe(canonical);
});

test.each([
  ["a broken escape", "/a%2"],
  ["an escape that is none", "/a%zz"],
  ["an escaped slash", "/a%2fb"],
  ["an escaped backslash", "/a%5Cb"],
  ["a backslash", "/a\\b"],
  ["NUL", "/a%00.txt"],
  ["a line's end", "/a%0D%0Ab"],
  ["DEL", "/a%7f"],
  ["an escape of an escape", "/..%252f"],
  ["an escape of a letter's escape", "/%2573ecret"],
  ["two escapes of an escape", "/%25252e"],
  ["an overlong slash", "/..%c0%af"],
  ["an overlong dot", "/%C0%AE%C0%AE/"],
  ["an overlong slash of three bytes", "/%E0%80%AF"],
  ["an overlong slash of four bytes", "/%F0%80%80%AF"],
  ["a fullwidth slash", "/a%EF%BC%8Fb"],
  ["a fullwidth backslash", "/a%ef%bc%bcb"],
  ["a fullwidth slash that is not escaped", "/a\uff0fb"],
  ["a control character that is not escaped", "/a\u0001b"],
  ["a fraction slash", "/a%E2%81%84b"],
  ["a division slash", "/a%E2%88%95b"],
  ["a set minus", "/a%E2%88%96b"],
  ["a yen sign", "/a%C2%A5b"],
  ["a won sign", "/a%E2%82%A9b"],
  ["fullwidth dots", "/a/%EF%BC%8E%EF%BC%8E/b"],
  ["a dot and a fullwidth dot", "/a/.%EF%BC%8E/b"],
  ["the root's parent", "/../a"],
  ["an empty segment's parent", "/a//../b"],
  ["a parent with a parameter", "/a/..;/b"],
  ["a parent with an escaped parameter", "/a/%2e%2e%3bx=1/b"],
  ["a dot with a parameter", "/a/.;x/b"],
  ["an asterisk", "*"],
  ["nothing", ""],
])("%s could be read in another way: %s", (_what, path) => {
  expect(canonicalPath(path)).toBeNull();
});

test("the canonical form of a canonical path is itself, and no second look finds anything to decode", () => {
  const part = fc.constantFrom(
    "/",
    ".",
    "a",
    "Z",
    "%41",
    "%2e",
    "%25",
    "%E9",
    "%c3%A4",
    "%20",
    "-",
    "%2B",
    "&",
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const canonical = canonicalPath(`/${parts.join("")}`);
      if (canonical === null) return;
      expect(canonicalPath(canonical)).toBe(canonical);
      expect(canonical).not.toMatch(/\/\/|\/\.\.?(?:\/|$)|%[0-9A-F]?[a-f]/);
      expect(new URL(`http://h${canonical}`).pathname).toBe(canonical);
    }),
  );
});

test("two paths of one folder have one key, whatever the letters' case and the sub-delims' escapes", () => {
  expect(pathKey("/R&D/(x)/")).toBe(pathKey("/r%26d/%28X%29/"));
  expect(pathKey("/a%C3%A4")).toBe(pathKey("/A%C3%A4"));
  expect(pathKey("/a%25")).not.toBe(pathKey("/a%"));
});

test.each([
  ["/uploads/secret;a/x", "/uploads/secret/x"],
  ["/uploads/secret%3Ba=1;b/x;c", "/uploads/secret/x"],
  ["/uploads/;a/secret/x", "/uploads/secret/x"],
  ["/uploads/..x;/y", "/uploads/..x/y"],
  ["/uploads/x", "/uploads/x"],
])("%s is %s to a server that takes what follows a semicolon for a parameter", (path, read) => {
  expect(withoutParameters(path)).toBe(read);
});
