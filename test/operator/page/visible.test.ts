import { expect, test } from "vitest";
import { readablePath, shortened, visible } from "../../../src/operator/page/visible.ts";

test.each([
  ["a right-to-left override", "annex\u202Eexe.pdf", "annex⟨U+202E⟩exe.pdf"],
  ["an isolate", "a\u2066b", "a⟨U+2066⟩b"],
  ["a line break", "a\r\nb", "a⟨U+000D⟩⟨U+000A⟩b"],
  ["an escape of a terminal's", "\u001B[31mred", "⟨U+001B⟩[31mred"],
  ["a NUL", "a\0b", "a⟨U+0000⟩b"],
  ["a zero-width space", "a\u200Bb", "a⟨U+200B⟩b"],
  ["a line separator", "a\u2028b", "a⟨U+2028⟩b"],
  ["a tag character", "a\u{E0041}b", "a⟨U+E0041⟩b"],
  ["half a surrogate pair", "a\uD800b", "a\uFFFDb"],
])("%s is shown by its number and does nothing", (_, text, shown) => {
  expect(visible(text)).toBe(shown);
});

test("letters of every language, and markup, stay as they are", () => {
  for (const text of ["Übung 1.txt", "報告.xlsx", "تقرير.pdf", "<b>&amp;'\"", "🙂.png"]) {
    expect(visible(text)).toBe(text);
  }
});

test("a destination is shown decoded, its folder and its name apart, and tricks in it by their numbers", () => {
  expect(readablePath("/uploads/a%20b/c%E2%80%AEd.txt")).toEqual({
    folder: "/uploads/a b/",
    name: "c⟨U+202E⟩d.txt",
  });
  expect(readablePath("/uploads/%FF.txt")).toEqual({ folder: "/uploads/", name: "%FF.txt" });
});

test("a long text loses its middle, and no letter is cut in two", () => {
  expect(shortened("abcdefghij", 7)).toBe("abc…hij");
  expect(shortened("🙂".repeat(9), 5)).toBe("🙂🙂…🙂🙂");
  expect(shortened("short", 7)).toBe("short");
});
