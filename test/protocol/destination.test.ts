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
  "/uploads/report~1.draft", // no short name: those have three letters after the dot
  "/uploads/backup~old.txt",
  "/uploads/quarterly~2024.xlsx",
  "/uploads/Con%20Edison%20bill.pdf", // a device's name is more than a beginning
  "/uploads/AUX%20cable%20list.xlsx",
  "/uploads/com1%20capture%202024.log",
  "/uploads/nul%20and%20void/a.txt",
  "/uploads/COM%C2%B9%20port.txt",
  "/a",
])("%s names a file", (path) => {
  expect(refuseDestination(path)).toBeNull();
});

test.each([
  ["/", "/"],
  ["/uploads/", "/"],
  ["/uploads/", "/uploads/"],
  ["/uploads", "/uploads/"],
  ["/UPLOADS", "/uploads/"],
  ["/a%26b", "/a&b/"],
  ["/uploads/folder/", "/uploads/"],
])("%s is a folder, in the directory %s ([MC-BUP] 2.2.1.2)", (path, directory) => {
  expect(refuseDestination(path, directory)).toMatchObject({ fault: "destinationIsDirectory", status: 400 });
});

test.each(["/uploads/BITS-Sessions/a", "/uploads/bits-sessions", "/uploads/BITS%2dSessions/Replies/a"])(
  "%s is where the directory's sessions show their data",
  (path) => {
    expect(refuseDestination(path, "/uploads/")).toMatchObject({ fault: "destinationMalformed" });
  },
);

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
  ["a device with a space before its extension", "/uploads/con%20.txt"],
  ["a device with several extensions", "/uploads/LPT1.tar.gz"],
  ["a device with a small digit", "/uploads/COM%C2%B9"],
  ["a device as a folder", "/uploads/aux/a.txt"],
  ["a device as a folder, with a space", "/uploads/aux%20.d/a.txt"],
  ["a short name of Windows's, as a folder", "/uploads/SECRET~1/x"],
  ["a short name with an extension", "/uploads/WEB~1.CON"],
  ["a short name's other form", "/uploads/se1a2b~1.txt"],
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
