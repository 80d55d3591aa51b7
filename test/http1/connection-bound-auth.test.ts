import { describe, expect, test } from "vitest";
import {
  dropConnectionBound,
  isConnectionBound,
  splitChallenges,
} from "../../src/http1/connection-bound-auth.ts";

describe("schemes that authenticate a connection", () => {
  test.for([
    "NTLM",
    "ntlm TlRMTVNTUAAB",
    "Negotiate",
    "NEGOTIATE YII=",
    "Negotiate:Kerberos",
    "Nego2",
    " NTLM",
  ])("%j is one", (value) => expect(isConnectionBound(value)).toBe(true));

  test.for(["Basic bnRsbTpudGxt", 'Basic realm="NTLM"', "Bearer NTLM", "Digest", "NTLMv", "x-negotiate", ""])(
    "%j is none",
    (value) => expect(isConnectionBound(value)).toBe(false),
  );
});

describe("the challenges of a field", () => {
  test.for<[string, string[]]>([
    ["", []],
    ["Negotiate, NTLM", ["Negotiate", "NTLM"]],
    ['Basic realm="a, NTLM", NTLM', ['Basic realm="a, NTLM"', "NTLM"]],
    [
      'Digest realm="x", nonce="y" ,qop = auth,Negotiate',
      ['Digest realm="x", nonce="y", qop = auth', "Negotiate"],
    ],
    ['Basic realm="a \\", NTLM", Bearer', ['Basic realm="a \\", NTLM"', "Bearer"]],
    ["Negotiate oYG2MIGzoAMKAQA==,, NTLM", ["Negotiate oYG2MIGzoAMKAQA==", "NTLM"]],
    ['Basic realm="no end \\', ['Basic realm="no end \\']],
    ['Basic realm="no end, NTLM', ['Basic realm="no end, NTLM']],
  ])("of %j", ([value, challenges]) => expect(splitChallenges(value)).toEqual(challenges));
});

describe("what is taken out of headers", () => {
  test("a request loses such credentials, and keeps others", () => {
    const ntlm = new Headers({ Authorization: "NTLM TlRM", Cookie: "a=b" });
    expect(dropConnectionBound(ntlm)).toEqual(["Authorization"]);
    expect([...ntlm]).toEqual([["cookie", "a=b"]]);
    const basic = new Headers({ Authorization: "Basic YTpi" });
    expect(dropConnectionBound(basic)).toEqual([]);
    expect(basic.get("Authorization")).toBe("Basic YTpi");
  });

  test.for(["Basic YTpi, NTLM TlRM", ", Negotiate YII", 'Digest username="a", nonce="b", NTLM TlRM'])(
    "a request that says several credentials, one of them such, loses all: %j",
    (credentials) => {
      const headers = new Headers({ Authorization: credentials });
      expect(dropConnectionBound(headers)).toEqual(["Authorization"]);
      expect(headers.has("Authorization")).toBe(false);
    },
  );

  test("a response loses such challenges, and keeps the others in their order", () => {
    const headers = new Headers([
      ["WWW-Authenticate", "Negotiate"],
      ["WWW-Authenticate", 'Basic realm="x", charset="UTF-8"'],
      ["WWW-Authenticate", "NTLM"],
      ["WWW-Authenticate", 'Bearer realm="y"'],
      ["Persistent-Auth", "true"],
    ]);
    expect(dropConnectionBound(headers)).toEqual(["WWW-Authenticate"]);
    expect([...headers]).toEqual([
      ["www-authenticate", 'Basic realm="x", charset="UTF-8", Bearer realm="y"'],
    ]);
  });

  test("a response that offers nothing else offers nothing", () => {
    const headers = new Headers({ "WWW-Authenticate": "Negotiate, NTLM" });
    expect(dropConnectionBound(headers)).toEqual(["WWW-Authenticate"]);
    expect(headers.has("WWW-Authenticate")).toBe(false);
  });
});
