import { describe, expect, test } from "vitest";
import {
  DENIED_EXTENSIONS,
  DENIED_SEGMENTS,
  type NamePolicy,
  refuseName,
} from "../../src/protocol/name-policy.ts";

const OF_IIS: NamePolicy = {
  denyExtensions: DENIED_EXTENSIONS,
  allowExtensions: null,
  denySegments: DENIED_SEGMENTS,
};
const NOTHING: NamePolicy = { denyExtensions: [], allowExtensions: null, denySegments: [] };
const ARCHIVES: NamePolicy = { ...OF_IIS, allowExtensions: [".zip", ".7z"] };
const NAKED: NamePolicy = { ...OF_IIS, allowExtensions: ["."] };

describe("IIS's defaults", () => {
  test.each([
    ["/up/web.config", "deny_segments"],
    ["/up/WEB.CONFIG", "deny_segments"],
    ["/up/web%2Econfig", "deny_segments"],
    ["/up/App_Code/a.txt", "deny_segments"],
    ["/up/deep/bin/a.dll", "deny_segments"],
    ["/up/bin", "deny_segments"],
    ["/up/bin;x/a.txt", "deny_segments"],
    ["/up/x.aspx", "deny_extensions"],
    ["/up/X.AsPx", "deny_extensions"],
    ["/up/x.asp;.jpg", "deny_extensions"],
    ["/up/x.asp%3B.jpg", "deny_extensions"],
    ["/up/x.asp.;.jpg", "deny_extensions"],
    ["/up/x.asp%20;.jpg", "deny_extensions"],
    ["/up/bin.%20;/a.dll", "deny_segments"],
    ["/up/x.asp/z.jpg", "deny_extensions"],
    ["/up/global.asax", "deny_extensions"],
    ["/up/machine.config", "deny_extensions"],
    ["/up/.config", "deny_extensions"],
    ["/up/x.jpg.ashx", "deny_extensions"],
  ])("%s is refused, by %s", (path, setting) => {
    expect(refuseName(path, "/up/", OF_IIS)).toMatchObject({ setting });
  });

  test.each([
    "/up/a.txt",
    "/up/a",
    "/up/setup.exe",
    "/up/a.evtx",
    "/up/a.asp.txt",
    "/up/binary/a.txt",
    "/up/a.bin",
    "/up/config",
    "/up/100;200.log",
    "/up/%E4.txt",
  ])("%s is let in", (path) => {
    expect(refuseName(path, "/up/", OF_IIS)).toBeNull();
  });

  test("the directory's own names are the operator's", () => {
    expect(refuseName("/App_Data/x.asp/a.txt", "/App_Data/x.asp/", OF_IIS)).toBeNull();
  });
});

test.each(["/up/web.config", "/up/x.aspx", "/up/bin/a"])("empty lists refuse nothing: %s", (path) => {
  expect(refuseName(path, "/up/", NOTHING)).toBeNull();
});

test.each<[string, NamePolicy, string | null]>([
  ["/up/a.zip", ARCHIVES, null],
  ["/up/A.ZIP", ARCHIVES, null],
  ["/up/folder.d/a.7z", ARCHIVES, null],
  ["/up/a.txt", ARCHIVES, "allow_extensions"],
  ["/up/a", ARCHIVES, "allow_extensions"],
  ["/up/x.asp/a.zip", ARCHIVES, "deny_extensions"],
  ["/up/a", NAKED, null],
  ["/up/a.zip", NAKED, "allow_extensions"],
])("with a list of what is let in, %s", (path, policy, setting) => {
  expect(refuseName(path, "/up/", policy)?.setting ?? null).toBe(setting);
});
