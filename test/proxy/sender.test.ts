import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { senderOf } from "../../src/proxy/sender.ts";

const GATEWAY = "10.0.0.9";
const TRUSTED = ["10.0.0.0/24"];
const logged = vi.spyOn(console, "log");
beforeEach(() => logged.mockImplementation(() => {}));
afterEach(() => logged.mockReset());

/** The sender of a request to `http://10.0.0.5:8787/uploads/a.bin?x=1` that `peer` has sent with these fields. */
function sender(fields: [string, string][], { peer = GATEWAY, target = "/uploads/a.bin?x=1" } = {}) {
  const request = new Request(`http://10.0.0.5:8787${target}`, { headers: fields });
  return senderOf(request, { target, clientAddress: peer }, TRUSTED);
}

describe("An address is an address, however a gateway writes it", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["203.0.113.7:51234", "203.0.113.7"],
    [" 203.0.113.7 ", "203.0.113.7"],
    ['"203.0.113.7:51234"', "203.0.113.7"],
    ["[2001:db8::1]:4711", "2001:db8::1"],
    ["[2001:DB8:0:0::1]", "2001:db8::1"],
    ['"[2001:db8::1]:4711"', "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["192.0.2.66, 203.0.113.7", "203.0.113.7"],
    ["192.0.2.66,203.0.113.7:99", "203.0.113.7"],
    ["192.0.2.66, 203.0.113.7, 10.0.0.8", "203.0.113.7"],
    ["192.0.2.66, 203.0.113.7, 10.0.0.8:80,10.0.0.7", "203.0.113.7"],
    ["203.0.113.7, ", "203.0.113.7"],
    ["10.0.0.3, 10.0.0.8", "10.0.0.3"],
    ["", GATEWAY],
  ])("%j", (value, address) => {
    expect(sender([["X-Forwarded-For", value]]).clientAddress).toBe(address);
    expect(logged).not.toHaveBeenCalled();
  });

  test("several fields are one list", () => {
    const fields: [string, string][] = [
      ["X-Forwarded-For", "192.0.2.66"],
      ["X-Forwarded-For", "203.0.113.7"],
    ];
    expect(sender(fields).clientAddress).toBe("203.0.113.7");
  });

  test.each([
    "unknown",
    "_hidden",
    "127.1",
    "203.0.113.7:",
    "203.0.113.256",
    "[203.0.113.7]",
    "198.51.100.1, pc-7",
  ])("%j is none, and a log line says so", (value) => {
    expect(sender([["X-Forwarded-For", value]]).clientAddress).toBeNull();
    expect(logged.mock.lastCall?.[0]).toContain('"event":"forwarded-not-believed","field":"X-Forwarded-For"');
  });
});

describe("The URL that the client asked for", () => {
  const END = "/uploads/a.bin?x=1";
  test.each<[string, [string, string][], string]>([
    ["nothing is said", [], `http://10.0.0.5:8787${END}`],
    [
      "a host replaces the authority whole",
      [["X-Forwarded-Host", "bits.example.com"]],
      `http://bits.example.com${END}`,
    ],
    [
      "and with a scheme",
      [
        ["X-Forwarded-Host", "bits.example.com"],
        ["X-Forwarded-Proto", "https"],
      ],
      `https://bits.example.com${END}`,
    ],
    [
      "a host with a port",
      [["X-Forwarded-Host", "bits.example.com:8443"]],
      `http://bits.example.com:8443${END}`,
    ],
    ["a host with underscores", [["X-Forwarded-Host", "my_host"]], `http://my_host${END}`],
    ["an IPv6 host", [["X-Forwarded-Host", "[2001:db8::1]:8443"]], `http://[2001:db8::1]:8443${END}`],
    ["capitals", [["X-Forwarded-Proto", "HTTPS"]], `https://10.0.0.5:8787${END}`],
    [
      "a port",
      [
        ["X-Forwarded-Host", "bits.example.com"],
        ["X-Forwarded-Port", "8443"],
        ["X-Forwarded-Proto", "https"],
      ],
      `https://bits.example.com:8443${END}`,
    ],
    [
      "the scheme's own port is none",
      [
        ["X-Forwarded-Host", "bits.example.com"],
        ["X-Forwarded-Port", "443"],
        ["X-Forwarded-Proto", "https"],
      ],
      `https://bits.example.com${END}`,
    ],
    [
      "the client's own port counts for more than the gateway's",
      [
        ["X-Forwarded-Host", "bits.example.com:9443"],
        ["X-Forwarded-Port", "8443"],
      ],
      `http://bits.example.com:9443${END}`,
    ],
    ["a port without a host", [["X-Forwarded-Port", "443"]], `http://10.0.0.5:443${END}`],
    [
      "of lists the entry of the gateway that saw the client",
      [
        ["X-Forwarded-For", "192.0.2.66, 203.0.113.7, 10.0.0.8"],
        ["X-Forwarded-Proto", "gopher, https, http"],
        ["X-Forwarded-Host", "evil.example, bits.example.com, inner.example"],
      ],
      `https://bits.example.com${END}`,
    ],
    [
      "the last, where one gateway saw the client",
      [
        ["X-Forwarded-For", "203.0.113.7"],
        ["X-Forwarded-Proto", "http,https"],
        ["X-Forwarded-Host", "evil.example,bits.example.com"],
      ],
      `https://bits.example.com${END}`,
    ],
  ])("%s", (_what, fields, url) => {
    expect(sender(fields).url).toBe(url);
    expect(logged).not.toHaveBeenCalled();
  });

  test.each([
    ["X-Forwarded-Host", "h/admin"],
    ["X-Forwarded-Host", "u@h"],
    ["X-Forwarded-Host", "h\\admin"],
    ["X-Forwarded-Host", "h:99999"],
    ["X-Forwarded-Proto", "gopher"],
    ["X-Forwarded-Port", "0"],
    ["X-Forwarded-Port", "8443x"],
    ["Forwarded", "for=203.0.113.7;host=bank.example"],
  ])("%s: %s is not believed, and a log line says so", (field, value) => {
    expect(sender([[field, value]])).toEqual({ clientAddress: GATEWAY, url: `http://10.0.0.5:8787${END}` });
    expect(logged.mock.lastCall?.[0]).toContain(`"event":"forwarded-not-believed","field":"${field}"`);
  });

  test("has the canonical path", () => {
    const target = "/a/../uploads//%61.bin?q=%61";
    expect(sender([], { target }).url).toBe("http://10.0.0.5:8787/uploads/a.bin?q=%61");
  });
});

test("who is no gateway of ours is not heard", () => {
  const fields: [string, string][] = ["For", "Host", "Proto", "Port"].map((name) => [
    `X-Forwarded-${name}`,
    "443",
  ]);
  const url = "http://10.0.0.5:8787/uploads/a.bin?x=1";
  expect(sender(fields, { peer: "192.0.2.66" })).toEqual({ clientAddress: "192.0.2.66", url });
});
