import { expect, test } from "vitest";
import { refuseDestination } from "../../src/protocol/destination.ts";

test.each([
  "/uploads/a.txt",
  "/uploads/deep/er/file%20name.log",
  "/uploads/console.log",
  "/uploads/com10.txt",
  "/uploads/%C3%A4.txt", // UTF-8
  "/uploads/%E4.txt", // an old client's code page
  "/uploads/%252e%252e/a",
  "/uploads/.hidden",
  "/a",
])("%s names a file", (path) => {
  expect(refuseDestination(path)).toBeNull();
});

test.each(["/", "/uploads/"])("%s names a folder ([MC-BUP] 2.2.1.2)", (path) => {
  expect(refuseDestination(path)).toMatchObject({ fault: "destinationIsDirectory", status: 400 });
});

test.each([
  ["an encoded slash", "/uploads/a%2Fb"],
  ["an encoded backslash", "/uploads/a%5cb"],
  ["a backslash", "/uploads/a\\b"],
  ["parents, encoded", "/uploads/%2e%2e/a"],
  ["a parent", "/uploads/../a"],
  ["an empty segment", "/uploads//a"],
  ["NUL", "/uploads/a%00.txt"],
  ["a control character", "/uploads/a%0d%0a"],
  ["a stream of a file", "/uploads/a.txt::$DATA"],
  ["a device", "/uploads/CON"],
  ["a device with an extension", "/uploads/nul.txt"],
  ["a device as a folder", "/uploads/aux/a.txt"],
  ["a trailing dot", "/uploads/a.txt."],
  ["a trailing space", "/uploads/a.txt%20"],
  ["a wildcard", "/uploads/*.txt"],
  ["a broken escape", "/uploads/a%2"],
  ["an overlong slash", "/uploads/a%c0%af/b%2fc"],
])("%s is refused", (_what, path) => {
  expect(refuseDestination(path)).toMatchObject({
    fault: "destinationMalformed",
    status: 400,
    hresult: 0x80070057,
  });
});
