/** What is read of an answer: its status and a field of it; that it is none; or nothing yet, since its head goes on. */
export type Reading =
  | { readonly status: number; readonly field?: readonly [name: string, value: string] }
  | "no answer"
  | "goes on";

/** An answer as it stands on the wire, each character a byte. */
interface AnswerCase {
  readonly name: string;
  readonly bytes: string;
  /** What our own reader makes of it. */
  readonly reading: Reading;
  /** What the runtime's `fetch` makes of it, where that is something else. */
  readonly byFetch?: { readonly reading: Reading; readonly because: string };
  /** Node's `Headers` hold no character above U+00FF. */
  readonly inWorkerdOnly?: true;
}

const OK = "HTTP/1.1 200 OK\r\n";
const CONFLICT = "HTTP/1.1 409 Conflict\r\n";
const CODE = "BITS-Error-Code: 0x80070050\r\n";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
/** A length, and the head's end. */
const END = "Content-Length: 0\r\n\r\n";
const PLAIN = `${CONFLICT}${CODE}${END}`;

/** Of {@link PLAIN}, and of whatever says the same. */
const AS_PLAIN: Reading = { status: 409, field: ["BITS-Error-Code", "0x80070050"] };
const ACCEPTED: Reading = { status: 200 };
const codeOf = (value: string): Reading => ({ status: 409, field: ["BITS-Error-Code", value] });
const valueOf = (value: string): Reading => ({ status: 409, field: ["X", value] });
const withField = (lines: string): string => `${CONFLICT}${lines}\r\n${END}`;

const row = (name: string, bytes: string, reading: Reading): AnswerCase => ({ name, bytes, reading });
/** A row that `fetch` does not take for an answer, though it is to be had. */
const refusedByFetch = (name: string, bytes: string, reading: Reading, because: string): AnswerCase => ({
  ...row(name, bytes, reading),
  byFetch: { reading: "no answer", because },
});
/** A row that `fetch` accepts. */
const acceptedByFetch = (name: string, bytes: string, because: string): AnswerCase => ({
  ...row(name, bytes, "no answer"),
  byFetch: { reading: ACCEPTED, because },
});

const REASON_IS_IGNORED = "RFC 9112 4: a client should ignore what the reason phrase says";

const statusLine: readonly AnswerCase[] = [
  row("plain", PLAIN, AS_PLAIN),
  row("plain, accepted", `${OK}${END}`, ACCEPTED),
  row("no reason phrase, its space is there", PLAIN.replace("Conflict", ""), AS_PLAIN),
  row("no reason phrase, no space (RFC 9112 4 wants it sent)", PLAIN.replace(" Conflict", ""), AS_PLAIN),
  row("HTTP/1.0", PLAIN.replace("1.1", "1.0"), AS_PLAIN),
  row("lower case (RFC 9112 2.3)", `${OK}${END}`.replace("HTTP", "http"), "no answer"),
  row("HTTP/2.0", `${OK}${END}`.replace("1.1", "2.0"), "no answer"),
  // RFC 9110 6.2 would have it read as 1.1; nobody sends it.
  row("HTTP/1.2", `${OK}${END}`.replace("1.1", "1.2"), "no answer"),
  row("HTTP/1.10", `${OK}${END}`.replace("1.1", "1.10"), "no answer"),
  row("no minor version", `${OK}${END}`.replace("1.1", "1"), "no answer"),
  row("ICY", `ICY 200 OK\r\n${END}`, "no answer"),
  row("two spaces before the status", `HTTP/1.1  200 OK\r\n${END}`, "no answer"),
  row("two spaces after it, the second the reason's", `HTTP/1.1 200  OK\r\n${END}`, ACCEPTED),
  row("a tab before the status", `HTTP/1.1\t200 OK\r\n${END}`, "no answer"),
  row("a tab after it", `HTTP/1.1 200\tOK\r\n${END}`, "no answer"),
  row("a space before the line", ` ${OK}${END}`, "no answer"),
  row("a byte order mark before the line", `\xef\xbb\xbf${OK}${END}`, "no answer"),
  ...["99", "20", "20x", "2000", "0200", "000", "+200", "200.1", ""].map((status) =>
    row(`status ${JSON.stringify(status)}`, `HTTP/1.1 ${status} OK\r\n${END}`, "no answer"),
  ),
  // RFC 9110 15 has a client take these for a 5xx, and so the edge's client is told 502.
  row("status 600", `HTTP/1.1 600 x\r\n${CODE}${END}`, { ...AS_PLAIN, status: 600 }),
  row("status 999", `HTTP/1.1 999 x\r\n${END}`, { status: 999 }),
  row("status 299, which nobody has defined", `HTTP/1.1 299 x\r\n${END}`, { status: 299 }),
  row("Latin-1 in the reason", PLAIN.replace("Conflict", "caf\xe9"), AS_PLAIN),
  row("a tab in the reason", PLAIN.replace("Conflict", "a\tb"), AS_PLAIN),
  ...["\x01", "\x1b", "\x7f", "\0", "\r"].map((control) =>
    refusedByFetch(
      `${JSON.stringify(control)} in the reason`,
      PLAIN.replace("Conflict", `a${control}b`),
      AS_PLAIN,
      REASON_IS_IGNORED,
    ),
  ),
  row("a bare CR after the status", `HTTP/1.1 200\r\r\n${END}`, "no answer"),
];

const lines: readonly AnswerCase[] = [
  row("bare LF (RFC 9112 2.2)", PLAIN.replaceAll("\r\n", "\n"), AS_PLAIN),
  row("both line ends, the head's is LF", `${CONFLICT}${CODE}\n`, AS_PLAIN),
  row("both line ends, the head's is CRLF", `HTTP/1.1 409 x\n${CODE.trim()}\n\r\n`, AS_PLAIN),
  row("bare CR for every line end", PLAIN.replaceAll("\r\n", "\r"), "goes on"),
  row("CR CR LF for the head's end", `${CONFLICT}${CODE}\r\r\n`, "goes on"),
  row("a line of a bare CR", `${CONFLICT}${CODE}\r\r\n${END}`, "no answer"),
  // RFC 9112 2.2 says it of servers only; what the application left over of another answer does no harm.
  row("an empty line before it", `\r\n${PLAIN}`, AS_PLAIN),
  row("several", `\r\n\n\r\n${PLAIN}`, AS_PLAIN),
  row("a line with a space before it", ` \r\n${PLAIN}`, "no answer"),
  ...["BITS-Error-Code:\r\n 0x80070050", "BITS-Error-Code:\r\n \r\n\t0x80070050\r\n "].map((folded) =>
    refusedByFetch(
      `folded: ${JSON.stringify(folded)}`,
      withField(folded),
      AS_PLAIN,
      "RFC 9112 5.2: a user agent puts spaces for the folds",
    ),
  ),
  refusedByFetch(
    "folded, and more than spaces in the value",
    withField("X: a\n \xa0b \r\n\t c"),
    valueOf("a \xa0b  c"),
    "RFC 9112 5.2, as above; a space is SP or HTAB (RFC 9110 5.6.3), and the rest is the value's",
  ),
  row("a fold that begins with a bare CR", withField("X: a\r\n \rb"), "no answer"),
  // RFC 9112 2.2: either this, or without that line.
  row("the first field folded", withField(` ${CODE.trim()}`), "no answer"),
  row("a line with a tab for the first field", withField("\t"), "no answer"),
];

const CR_IS_A_SPACE =
  "RFC 9112 2.2: a bare CR may be read as a space, and those around a value are not of it";

const fields: readonly AnswerCase[] = [
  row("a name in another case, no space", withField("bits-ERROR-code:0x80070050"), AS_PLAIN),
  row("spaces and tabs around the value", withField("BITS-Error-Code: \t 0x80070050 \t "), AS_PLAIN),
  row("every character of a name", withField("!#$%&'*+-.^_`|~9: a"), {
    status: 409,
    field: ["!#$%&'*+-.^_`|~9", "a"],
  }),
  row("no value", withField("X:"), valueOf("")),
  row("no colon", withField("X"), "no answer"),
  row("no name", withField(": a"), "no answer"),
  // RFC 9112 5.1 has a proxy mend it and leaves it to others.
  row("a space before the colon", withField("X : a"), "no answer"),
  row("a tab before the colon", withField("X\t: a"), "no answer"),
  ...["X Y", "X(Y", '"X"', "X@", "X/Y", "X{", "X\xe9", "X\x01", "X\0", "X\rY"].map((name) =>
    row(`the name ${JSON.stringify(name)} (RFC 9110 5.6.2)`, withField(`${name}: a`), "no answer"),
  ),
  row("twice (RFC 9110 5.3)", withField("X: 1\r\nX: 2"), valueOf("1, 2")),
  row("the code twice", `${CONFLICT}${CODE}${CODE}${END}`, codeOf("0x80070050, 0x80070050")),
  row(
    "two codes",
    `${CONFLICT}${CODE}BITS-Error-Code: 0x80070005\r\n${END}`,
    codeOf("0x80070050, 0x80070005"),
  ),
  // RFC 9110 5.5: CR and NUL are refused, or spaces; other controls are invalid, and may be kept.
  row("NUL in the value", withField("X: a\0b"), "no answer"),
  row("NUL at its end", withField("X: a\0"), "no answer"),
  row("a bare CR in it", withField("X: a\rb"), "no answer"),
  refusedByFetch("a bare CR before it", withField("X: \ra"), valueOf("a"), CR_IS_A_SPACE),
  refusedByFetch("a bare CR after it", withField("X: a\r"), valueOf("a"), CR_IS_A_SPACE),
  ...["\x01", "\x0b", "\x1b", "\x7f", "\t"].map((control) =>
    row(`${JSON.stringify(control)} in it`, withField(`X: a${control}b`), valueOf(`a${control}b`)),
  ),
  row("Latin-1", withField("X: caf\xe9"), valueOf("café")),
  row("UTF-8", withField("X: caf\xc3\xa9"), valueOf("café")),
  row("Latin-1 and UTF-8, each in a field", withField("X: caf\xe9\r\nY: caf\xc3\xa9"), valueOf("café")),
  { ...row("UTF-8 beyond Latin-1", withField("X: \xe2\x82\xac"), valueOf("€")), inWorkerdOnly: true },
];

const FIELDS_ARE_NOT_READ = "nothing is done with an interim answer's fields, and nothing is asked of them";

const interim: readonly AnswerCase[] = [
  row("100 before it (RFC 9110 15.2)", `${CONTINUE}${PLAIN}`, AS_PLAIN),
  row("103 before it, with fields", `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${PLAIN}`, AS_PLAIN),
  row("103 with a code, which is not the answer's", `HTTP/1.1 103 x\r\n${CODE}\r\n${OK}${END}`, ACCEPTED),
  row("several", `${CONTINUE}HTTP/1.1 102 Processing\r\n\r\nHTTP/1.0 103\n\n${PLAIN}`, AS_PLAIN),
  row("199, which nobody has defined", `HTTP/1.1 199 x\r\n\r\n${PLAIN}`, AS_PLAIN),
  row("100 with a length, which counts for nothing", `HTTP/1.1 100 x\r\n${END}${PLAIN}`, AS_PLAIN),
  row("an empty line after 100", `${CONTINUE}\r\n${PLAIN}`, AS_PLAIN),
  row("100 and nothing else", CONTINUE, "goes on"),
  row("100 and nonsense", `${CONTINUE}hello\r\n\r\n`, "no answer"),
  ...["no field", "X: a\0b"].map((line) =>
    refusedByFetch(
      `100 with ${JSON.stringify(line)}`,
      `HTTP/1.1 100 x\r\n${line}\r\n\r\n${PLAIN}`,
      AS_PLAIN,
      FIELDS_ARE_NOT_READ,
    ),
  ),
  row(
    "101, which nobody asked for",
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n${OK}${END}`,
    { status: 101 },
  ),
];

const LENGTH_HAS_NO_LIMIT = "RFC 9110 8.6 has no largest length, and the body is not read";

const framing: readonly AnswerCase[] = [
  // RFC 9112 6.3: framing is invalid, and the response is to be discarded …
  ...["abc", "-1", "+0", "0x0", "", "0 0", "5, 6", "5\r\nContent-Length: 6"].map((length) =>
    row(
      `the length ${JSON.stringify(length)} (RFC 9112 6.3)`,
      `${OK}Content-Length: ${length}\r\n\r\nhello`,
      "no answer",
    ),
  ),
  row("such a length of a refusal", `${CONFLICT}${CODE}Content-Length: abc\r\n\r\n`, "no answer"),
  // … unless it is the same number each time, or not what ends the body.
  row("the same length twice", `${OK}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`, ACCEPTED),
  row("the same length twice in a field", `${OK}Content-Length: 5 ,5\r\n\r\nhello`, ACCEPTED),
  row("zeros before the length", `${OK}Content-Length: 0005\r\n\r\nhello`, ACCEPTED),
  row("the length 2^63 - 1", `${OK}Content-Length: 9223372036854775807\r\n\r\n`, ACCEPTED),
  refusedByFetch(
    "the length 2^64",
    `${OK}Content-Length: 18446744073709551616\r\n\r\n`,
    ACCEPTED,
    LENGTH_HAS_NO_LIMIT,
  ),
  row(
    "a length and chunks",
    `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ACCEPTED,
  ),
  row(
    "no length, and chunks",
    `${OK}Content-Length: abc\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ACCEPTED,
  ),
  row("gzip to the connection's end", `${OK}Transfer-Encoding: gzip\r\n\r\nhello`, ACCEPTED),
  row("chunks that are none", `${OK}Transfer-Encoding: chunked\r\n\r\nhello\r\n`, ACCEPTED),
  refusedByFetch(
    "chunks in HTTP/1.0",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ACCEPTED,
    "RFC 9112 6.1: the connection is closed after the message was processed, as ours always is",
  ),
  row("neither", `${OK}\r\nhello`, ACCEPTED),
  row("less body than its length", `${OK}Content-Length: 500\r\n\r\nhello`, ACCEPTED),
  row("204 with a body", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", { status: 204 }),
  row("204 with a length that is none", "HTTP/1.1 204 x\r\nContent-Length: abc\r\n\r\n", { status: 204 }),
  row("304 with a length that is none", "HTTP/1.1 304 x\r\nContent-Length: abc\r\n\r\n", { status: 304 }),
  row("another answer behind it", `${PLAIN}${OK}${END}`, AS_PLAIN),
];

const ends: readonly AnswerCase[] = [
  row("nothing", "", "goes on"),
  row("an empty line", "\r\n", "goes on"),
  row("inside the status line", "HTTP/1.1 20", "goes on"),
  row("after the status", "HTTP/1.1 200", "goes on"),
  row("after the status line", OK, "goes on"),
  row("inside a field's name", `${OK}Content-Le`, "goes on"),
  row("inside a field's value", `${OK}X: a`, "goes on"),
  row("before the empty line", `${OK}X: a\r\n`, "goes on"),
  row("inside the empty line", `${OK}X: a\r\n\r`, "goes on"),
];

const noHttp: readonly AnswerCase[] = [
  row("hello", "hello", "goes on"),
  row("a line of hello", "hello\r\n\r\n", "no answer"),
  row("HTML", "<!DOCTYPE html>\n<html><body><h1>It works!</h1></body></html>\n", "no answer"),
  row("a request", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "no answer"),
  row("an SSH banner", "SSH-2.0-OpenSSH_9.6\r\n", "no answer"),
  row("an SMTP greeting", "220 mail.example ESMTP\r\n", "no answer"),
  row("a TLS alert", "\x15\x03\x01\x00\x02\x02\x46", "goes on"),
  row("HTTP/2 settings", "\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64", "goes on"),
];

const KIBIBYTE = 1024;
const OURS_IS_SMALLER = "RFC 9110 5.4 sets no limit; ours is 64 KiB for all that comes before the body";
const repeat = (text: string, bytes: number): string => text.repeat(Math.ceil(bytes / text.length));
const fieldsOf = (bytes: number): string => repeat(`X: ${"x".repeat(1000)}\r\n`, bytes);

const sizes: readonly AnswerCase[] = [
  row("63 KB of fields", `${OK}${fieldsOf(62 * KIBIBYTE)}${END}`, ACCEPTED),
  row("a field of 63 KB", `${OK}X: ${"x".repeat(63 * KIBIBYTE)}\r\n${END}`, ACCEPTED),
  acceptedByFetch("120 KB of fields", `${OK}${fieldsOf(119 * KIBIBYTE)}${END}`, OURS_IS_SMALLER),
  row("60 KB of interim answers", `${repeat(CONTINUE, 60 * KIBIBYTE)}${OK}${END}`, ACCEPTED),
  acceptedByFetch(
    "500 KB of interim answers",
    `${repeat(CONTINUE, 500 * KIBIBYTE)}${OK}${END}`,
    OURS_IS_SMALLER,
  ),
  acceptedByFetch("120 KB of empty lines", `${"\r\n".repeat(60 * KIBIBYTE)}${OK}${END}`, OURS_IS_SMALLER),
  row("interim answers without end", repeat(CONTINUE, 500 * KIBIBYTE), "no answer"),
  row("a line without end", "x".repeat(1000 * KIBIBYTE), "no answer"),
  row("a field without end", `${OK}X: ${"x".repeat(1000 * KIBIBYTE)}`, "no answer"),
  row("fields without end", `${OK}${fieldsOf(1000 * KIBIBYTE)}`, "no answer"),
  row("a folded field without end", `${OK}X: a\r\n${repeat(" b\r\n", 1000 * KIBIBYTE)}`, "no answer"),
];

/** Answers of applications old, odd and broken, by what is odd about them. */
export const ANSWERS = { statusLine, lines, fields, interim, framing, ends, noHttp, sizes };
