import fc from "fast-check";
import { expect, test } from "vitest";
import { formatContentRange, lengthOf, parseContentRange } from "../../src/protocol/content-range.ts";

// prettier-ignore
test.each([
  // text                                     meaning                                  source
  ["bytes 0-4891/4892",                       { first: 0, last: 4891, total: 4892 } ], // [MC-BUP] 4.1
  ["bytes 128-212/213",                       { first: 128, last: 212, total: 213 } ],
  ["Bytes 0-0/1",                             { first: 0, last: 0, total: 1 }       ], // Win32 "Fragment"
  ["bytes 00-09/010",                         { first: 0, last: 9, total: 10 }      ], // 1*DIGIT, RFC 9110 14.4
  ["bytes 0-9007199254740990/9007199254740991", { first: 0, last: 9007199254740990, total: 9007199254740991 }],
  ["bytes 0--1/0",                            { first: 0, last: -1, total: 0 }      ], // ruling 11, empty uploads
  ["bytes 0-18446744073709551615/0",          { first: 0, last: -1, total: 0 }      ], // -1 without a sign
  ["bytes 0-18446744073709551615/1",          "invalid"                             ],
  ["bytes 0-0/0",                             { first: 0, last: -1, total: 0 }      ],
  ["bytes */0",                               { first: 0, last: -1, total: 0 }      ],
  ["bytes 0-0/9007199254740992",              "too large"                           ],
  ["bytes 9007199254740992-9007199254740993/99999999999999999999", "too large"      ],
  ["",                                        "invalid"                             ],
  ["bytes 5-4/10",                            "invalid"                             ],
  ["bytes 0-10/10",                           "invalid"                             ],
  ["bytes 0-4/*",                             "invalid"                             ],
  ["bytes */10",                              "invalid"                             ],
  ["bytes 0 - 4/5",                           "invalid"                             ],
  ["bytes=0-4/5",                             "invalid"                             ],
  ["bytes -4/5",                              "invalid"                             ],
  ["bytes 0-4",                               "invalid"                             ],
  ["bytes +0-4/5",                            "invalid"                             ],
  ["bytes 0x0-4/5",                           "invalid"                             ],
  ["bytes 0-4/5, bytes 0-4/5",                "invalid"                             ], // sent twice
  ["items 0-4/5",                             "invalid"                             ],
])("Content-Range %j means %j", (text, meaning) => {
  expect(parseContentRange(text)).toEqual(meaning);
});

test("a range that is written is read back the same", () => {
  const range = fc
    .tuple(fc.nat(), fc.nat(), fc.nat())
    .map(([first, more, rest]) => ({ first, last: first + more, total: first + more + 1 + rest }));
  fc.assert(
    fc.property(range, (value) => {
      expect(parseContentRange(formatContentRange(value))).toEqual(value);
      expect(lengthOf(value)).toBe(value.last - value.first + 1);
    }),
  );
});

test("the empty entity has no bytes", () => {
  expect(lengthOf({ first: 0, last: -1, total: 0 })).toBe(0);
});
