import { expect, test } from "vitest";
import { parseByteRanges } from "../../src/http1/byte-ranges.ts";

// prettier-ignore
test.each([
  // Range                         of 100 bytes                                    RFC 9110
  ["bytes=0-9",                    [{ start: 0, end: 9 }]                       ], // 14.1.2
  ["bytes=90-",                    [{ start: 90, end: 99 }]                     ],
  ["bytes=-10",                    [{ start: 90, end: 99 }]                     ],
  ["bytes=-1000",                  [{ start: 0, end: 99 }]                      ], // a suffix longer than all
  ["Bytes=0-1000",                 [{ start: 0, end: 99 }]                      ],
  ["bytes=50-59, 0-9",             [{ start: 50, end: 59 }, { start: 0, end: 9 }]], // in the order asked for
  ["bytes=0-9,5-19,30-39",         [{ start: 0, end: 19 }, { start: 30, end: 39 }]], // 17.15: overlap is one
  ["bytes=100-",                   "unsatisfiable"                              ],
  ["bytes=-0",                     "unsatisfiable"                              ],
  ["bytes=0-9,200-300",            [{ start: 0, end: 9 }]                       ],
  ["bytes=9-0",                    "all"                                        ], // invalid: ignored
  ["bytes=a-b",                    "all"                                        ],
  ["bytes=",                       "all"                                        ],
  ["items=0-9",                    "all"                                        ],
  [`bytes=${Array.from({ length: 17 }, (_, at) => `${at * 2}-${at * 2}`).join(",")}`, "all"], // 14.2: too many
])("Range %s", (text, expected) => {
  expect(parseByteRanges(text, 100)).toEqual(expected);
});

test("of nothing, nothing can be had", () => {
  expect(parseByteRanges("bytes=0-", 0)).toBe("unsatisfiable");
});
