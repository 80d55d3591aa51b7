import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { type Config, readConfig } from "../../src/config/config.ts";
import { BITS_PROPERTIES } from "../../tools/import-iis/iis-configuration.ts";
import { run, USAGE } from "../../tools/import-iis/run.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const METABASE = fixture("MetaBase.xml");
const APPLICATION_HOST = fixture("applicationHost.config");
const SCHEMA = fixture("MBSchema.xml");
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "import-iis-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

async function temporary(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

/** A MetaBase.xml with these elements. */
function metabase(...keys: readonly string[]): string {
  return `<configuration><MBProperty>${keys.join("\n")}</MBProperty></configuration>`;
}

/** The usual directory of a MetaBase.xml, with uploads on and these attributes. */
function uploads(attributes: string): string {
  return metabase(
    `<IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/uploads" BITSUploadEnabled="TRUE" ${attributes}/>`,
  );
}

/** The command itself, on the Node that runs TypeScript as it is. */
function node(...args: readonly string[]) {
  return promisify(execFile)(join(ROOT, "node_modules/.bin/node"), [
    join(ROOT, "tools/import-iis.ts"),
    ...args,
  ]);
}

type Settings = Record<string, unknown>;
interface Variables {
  readonly ORIGIN_URL?: string;
  readonly UPLOAD_DIRECTORIES: readonly Settings[];
}

/** What wrangler gives the Worker when the output stands in wrangler.toml, in place of its [vars]. */
async function paste(toml: string): Promise<Variables> {
  const whole = await readFile(join(ROOT, "wrangler.toml"), "utf8");
  const withoutVariables = whole.slice(0, whole.indexOf("[vars]"));
  const config = await temporary("wrangler.toml", withoutVariables + toml);
  const { vars } = unstable_readConfig({ config });
  return vars as object as Variables;
}

/** Runs the importer on a text and gives its only block. */
async function convert(xml: string, ...options: readonly string[]): Promise<Settings & { notes: string }> {
  const { exitCode, stdout, stderr } = await run([await temporary("Converted.xml", xml), ...options]);
  expect(exitCode, stderr).toBe(0);
  const { UPLOAD_DIRECTORIES: blocks } = await paste(stdout);
  expect(blocks).toHaveLength(1);
  return { ...blocks[0], notes: stderr };
}

/** The edge's own reading of what was pasted, beside what the notes ask for. */
function readByEdge(variables: Variables): Config {
  // As wrangler.toml binds it.
  const beside = { PUBLIC_URL: "https://uploads.example.com", UPLOAD_SEGMENTS: { getByName: () => null } };
  return readConfig({ ORIGIN_URL: "https://iis.example.com", ...beside, ...variables });
}

describe("IIS 6, MetaBase.xml", () => {
  test("becomes blocks that wrangler and the edge read", async () => {
    const { exitCode, stdout } = await run([METABASE, "--origin", "https://iis.example.com/base"]);
    expect(exitCode).toBe(0);
    const variables = await paste(stdout);
    expect(variables).toEqual({
      ORIGIN_URL: "https://iis.example.com/base",
      UPLOAD_DIRECTORIES: [
        {
          path: "/images/",
          notification: "by-reference",
          notification_url: "receive.asp",
          session_timeout_seconds: 604_800,
        },
        {
          path: "/inventory/",
          notification: "by-value",
          notification_url: "https://iis.example.com/base/inventory-app/receive.asp?kind=full&v=2",
          session_timeout_seconds: 86_400,
          host_id: "iis-07.corp.example.com",
        },
        {
          path: "/retired/",
          enabled: false,
          maximum_upload_bytes: 1000,
          session_timeout_seconds: 604_800,
        },
        {
          path: "/uploads/",
          allow_overwrites: true,
          maximum_upload_bytes: 4_294_967_296,
          session_timeout_seconds: 604_800,
        },
        { path: "/uploads/archive/", enabled: false },
      ],
    });
    const config = readByEdge(variables);
    expect(config.originUrl).toBe("https://iis.example.com/base");
    expect(
      config.directories.map(({ path, enabled, notification }) => ({ path, enabled, notification })),
    ).toEqual([
      { path: "/uploads/archive/", enabled: false, notification: "none" },
      { path: "/inventory/", enabled: true, notification: "by-value" },
      { path: "/retired/", enabled: false, notification: "none" },
      { path: "/uploads/", enabled: true, notification: "none" },
      { path: "/images/", enabled: true, notification: "by-reference" },
    ]);
  });

  test("without --origin the blocks alone are written", async () => {
    const { stdout } = await run([METABASE]);
    expect(stdout).not.toContain("[vars]");
    expect(stdout).toContain('\n[[vars.UPLOAD_DIRECTORIES]]\npath = "/uploads/"\n');
    expect(await paste(stdout)).not.toHaveProperty("ORIGIN_URL");
  });

  test("what has no counterpart is listed beside its directory and on stderr", async () => {
    const { stdout, stderr } = await run([METABASE]);
    const paragraph = stdout.split("\n\n").find((text) => text.includes('path = "/uploads/"')) ?? "";
    for (const property of ["BITSSessionDirectory", "BITSCleanupWorkItemKey", "BITSUploadMetadataVersion"]) {
      expect(paragraph).toMatch(new RegExp(`^# ${property} = ".+" is not carried over: .+`, "m"));
      expect(stderr).toMatch(new RegExp(`^"/uploads/": ${property} = ".+" is not carried over: .+\\.$`, "m"));
    }
  });

  test.each(["utf-16le", "utf-16be"] as const)("may be %s with a byte order mark", async (encoding) => {
    const bytes = Buffer.from(`\ufeff${await readFile(METABASE, "utf8")}`, "utf16le");
    const file = await temporary("MetaBase.xml", encoding === "utf-16be" ? bytes.swap16() : bytes);
    expect(await run([file])).toEqual(await run([METABASE]));
  });

  test("may be UTF-8 with a byte order mark, or UTF-16 without one", async () => {
    const text = await readFile(METABASE, "utf8");
    const expected = await run([METABASE]);
    expect(await run([await temporary("MetaBase.xml", `\ufeff${text}`)])).toEqual(expected);
    expect(await run([await temporary("MetaBase.xml", Buffer.from(text, "utf16le"))])).toEqual(expected);
  });

  test("the encoding that a file declares is believed", async () => {
    const text = `<?xml version="1.0" encoding="windows-1252"?>${uploads('BITSSessionDirectory="Entwürfe"')}`;
    const { stderr } = await run([await temporary("MetaBase.xml", Buffer.from(text, "latin1"))]);
    expect(stderr).toContain('BITSSessionDirectory = "Entwürfe"');
  });
});

describe("IIS 7 and later, applicationHost.config", () => {
  test("gets the names of its numbers from MBSchema.xml", async () => {
    const { exitCode, stdout } = await run([
      APPLICATION_HOST,
      "--schema",
      SCHEMA,
      "--site",
      "default web site",
    ]);
    expect(exitCode).toBe(0);
    const variables = await paste(stdout);
    expect(variables.UPLOAD_DIRECTORIES).toEqual([
      {
        path: "/CCM_Incoming/",
        maximum_upload_bytes: 20_000_000_000,
        session_timeout_seconds: 2_419_200,
        maximum_sessions_per_client: 20,
      },
      { path: "/CCM_Incoming/Status/", enabled: false },
    ]);
    expect(readByEdge(variables).directories).toMatchObject([
      { path: "/CCM_Incoming/Status/", enabled: false },
      {
        path: "/CCM_Incoming/",
        enabled: true,
        allowOverwrites: false, // set above it, without Inherit
        sessionTimeoutSeconds: 2_419_200, // set above it, with Inherit
        maximumUploadBytes: 20_000_000_000,
      },
    ]);
    expect(stdout).toContain('# BITSMaximumUploadSize = "20000000000" is more than one object takes');
    expect(stdout).toContain("maxAllowedContentLength");
  });

  test("a path that the edge does not serve is listed, not dropped", async () => {
    const { exitCode, stdout, stderr } = await run([APPLICATION_HOST, "--schema", SCHEMA, "--site", "2"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('# "/My Uploads/"\n# The directory is not carried over');
    expect(stderr).toContain('"/My Uploads/": The directory is not carried over');
    const variables = await paste(stdout);
    expect(readByEdge(variables).directories).toMatchObject([
      {
        path: "/drop/",
        notification: "by-value",
        notificationUrl: "http://app.example.com/receive.ashx",
        maximumUploadBytes: 262_144_000,
      },
    ]);
  });

  test("a section by name is read too, with names as they are in Windows' schema files", async () => {
    const settings = await convert(`
      <configuration>
        <system.webServer><bits sessionTimeout="3600" /></system.webServer>
        <location path="Default Web Site"><system.webServer><bits maximumUploadSize="500" /></system.webServer></location>
        <location path="Default Web Site/uploads">
          <system.webServer>
            <serverBits><bitsUploads uploadEnabled="true" allowOverwrites="true" notificationType="ByVal"
              notificationUrl="/receive.ashx" colour="blue" /></serverBits>
          </system.webServer>
        </location>
      </configuration>`);
    expect(settings).toMatchObject({
      path: "/uploads/",
      notification: "by-value",
      notification_url: "/receive.ashx",
      allow_overwrites: true,
      maximum_upload_bytes: 500,
      session_timeout_seconds: 3600,
    });
    expect(settings.notes).toContain('"<bitsUploads> colour" = "blue" is not carried over');
  });
});

describe("properties", () => {
  const NO_LIMIT = "means no limit";
  test.each([
    ["", "is not set, which means no limit"],
    ['BITSMaximumUploadSize=""', NO_LIMIT],
    ['BITSMaximumUploadSize="18446744073709551615"', NO_LIMIT],
    ['BITSMaximumUploadSize="1844674407370955"', NO_LIMIT],
    ['BITSMaximumUploadSize="many"', "is no number"],
    ['BITSSessionTimeout="0"', "the default of 14 days applies"],
    ['BITSServerNotificationURL="http://a.example/x"', "the notification type is none"],
    ['BITSHostIdFallbackTimeout="60"', "it means nothing without BITSHostId"],
    ['BITSHostId="two words"', "it is no name of a host"],
    ['BITSNumberOfSessionsLimit="10"', "calls the limit both on and off"],
    ['BITSNumberOfSessionsLimit="10" BITSSessionLimitEnable="FALSE"', "turns it off"],
    ['BITSNumberOfSessionsLimit="0" BITSSessionLimitEnable="1"', "it is no limit"],
    ['BITSCleanupUseDefault="0" BITSCleanupCount="6" BITSCleanupUnits="1"', "no cleanup task runs"],
    ['BITSFutureProperty="1"', "this importer does not know the property"],
  ])("%s adds no setting and says why", async (attributes, sentence) => {
    const { notes, ...settings } = await convert(uploads(attributes));
    expect(settings).toEqual({ path: "/uploads/" });
    expect(notes).toContain(sentence);
  });

  test.each([
    ['BITSMaximumUploadSize="0"', { maximum_upload_bytes: 0 }],
    ['BITSMaximumUploadSize="9000000000"', { maximum_upload_bytes: 9_000_000_000 }],
    ['BITSAllowOverwrites="0"', { allow_overwrites: false }],
    ['bitsallowoverwrites="1"', { allow_overwrites: true }],
    ['BITSServerNotificationType="0"', { notification: "none" }],
    ['BITSMaximumUploadSize="9000000001"', { maximum_upload_bytes: 9_000_000_001 }],
    ['BITSMaximumUploadSize="1000000000001"', { maximum_upload_bytes: 1_000_000_000_000 }],
    ['BITSSessionTimeout="315360000"', { session_timeout_seconds: 315_360_000 }],
    ['BITSSessionTimeout="4294967295"', { session_timeout_seconds: 315_360_000 }],
    ['BITSSessionLimitEnable="TRUE"', { maximum_sessions_per_client: 50 }],
    [
      'BITSHostId="a.example" BITSHostIdFallbackTimeout="60"',
      { host_id: "a.example", host_id_fallback_timeout_seconds: 60 },
    ],
    ['BITSHostId="a.example" BITSHostIdFallbackTimeout="soon"', { host_id: "a.example" }],
    [
      'BITSHostId="[::1]:8080" BITSHostIdFallbackTimeout="0"',
      { host_id: "[::1]:8080", host_id_fallback_timeout_seconds: 0 },
    ],
  ])("%s becomes settings", async (attributes, expected) => {
    const { notes: _, ...settings } = await convert(uploads(attributes));
    expect(settings).toEqual({ path: "/uploads/", ...expected });
  });

  test.each([
    ["no URL", 'BITSServerNotificationType="2"'],
    ["no web URL", 'BITSServerNotificationType="1" BITSServerNotificationURL="ftp://a.example/"'],
    ["too long a URL", `BITSServerNotificationType="2" BITSServerNotificationURL="/${"x".repeat(2200)}"`],
    ["an unknown type", 'BITSServerNotificationType="7" BITSServerNotificationURL="/receive.asp"'],
  ])("a notification with %s turns uploads off instead of getting lost", async (_, attributes) => {
    const { notes, ...settings } = await convert(uploads(attributes));
    expect(settings).toEqual({ path: "/uploads/", enabled: false });
    expect(notes).toContain("uploads are off here until notification and notification_url are set");
  });

  test.each([
    ["http://LOCALHOST/app/r.asp?a=1", "https://o.example/b/app/r.asp?a=1", "its host is the origin's now"],
    ["http://127.0.0.1/r.asp", "https://o.example/b/r.asp", "its host is the origin's now"],
    ["http://localhost:8080/r.asp", "http://localhost:8080/r.asp", "which the edge can not reach"],
    ["http://iis07/r.asp", "http://iis07/r.asp", "which the edge can not reach"],
    ["http://a.example/r.asp", "http://a.example/r.asp", null],
    ["../r.asp", "../r.asp", null],
  ])("notification URL %s becomes %s", async (given, expected, sentence) => {
    const attributes = `BITSServerNotificationType="2" BITSServerNotificationURL="${given}"`;
    const { notes, ...settings } = await convert(uploads(attributes), "--origin", "https://o.example/b/");
    expect(settings["notification_url"]).toBe(expected);
    if (sentence === null) expect(notes).not.toContain("notification_url");
    else expect(notes).toContain(sentence);
  });

  test("are inherited from above, without case, and the nearest wins; BITSUploadEnabled is not", async () => {
    const { notes: _, ...settings } = await convert(
      metabase(
        '<IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/A/b" BITSUploadEnabled="TRUE" BITSMaximumUploadSize="3"/>',
        '<IIsWebService Location="/LM/W3SVC" BITSUploadEnabled="TRUE" BITSSessionTimeout="1" BITSMaximumUploadSize="1"/>',
        '<IIsWebServer Location="/LM/W3SVC/1" BITSUploadEnabled="TRUE" BITSAllowOverwrites="1"/>',
        '<IIsWebVirtualDir Location="/lm/W3svc/1/Root/a" BITSSessionTimeout="2" BITSMaximumUploadSize="2"/>',
        '<IIsWebVirtualDir Location="/LM/W3SVC/2/ROOT/A" BITSSessionTimeout="9"/>',
      ),
    );
    expect(settings).toEqual({
      path: "/A/b/",
      allow_overwrites: true,
      maximum_upload_bytes: 3,
      session_timeout_seconds: 2,
    });
  });

  test("at a place without uploads are listed", async () => {
    const { stdout, stderr } = await run([
      await temporary(
        "MetaBase.xml",
        metabase(
          '<IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/on" BITSUploadEnabled="1"/>',
          '<IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/off" BITSSessionTimeout="5"/>',
        ),
      ),
    ]);
    expect((await paste(stdout)).UPLOAD_DIRECTORIES).toEqual([
      { path: "/off/", enabled: false, session_timeout_seconds: 5 },
      { path: "/on/" },
    ]);
    expect(stderr.split("\n").filter((line) => line.startsWith('"/off/"'))).toEqual([
      '"/off/": Uploads are off here: BITSUploadEnabled is not set.',
    ]);
  });

  test("can not break out of a comment or a string", async () => {
    const evil = 'x&#10;[vars]&#10;ORIGIN_URL = "http://evil.example" \\ &#x7f;&#x9b;2J&#x2028;';
    const { stdout, stderr } = await run([
      await temporary(
        "MetaBase.xml",
        uploads(
          `BITSSessionDirectory='${evil}' BITSServerNotificationType="2" BITSServerNotificationURL='/r?${evil}'`,
        ),
      ),
    ]);
    const variables = await paste(stdout);
    expect(variables).not.toHaveProperty("ORIGIN_URL");
    expect(variables.UPLOAD_DIRECTORIES[0]?.["notification_url"]).toContain(
      '\n[vars]\nORIGIN_URL = "http://evil',
    );
    // oxlint-disable-next-line no-control-regex -- a control character is what must not come out
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]/);
  });

  test("are all in the documentation", async () => {
    const page = await readFile(join(ROOT, "docs/import-iis.md"), "utf8");
    for (const property of BITS_PROPERTIES) expect(page).toContain(property);
  });
});

describe("one sentence on stderr and exit code 1", () => {
  const TWO_SITES = metabase(
    '<IIsWebServer Location="/LM/W3SVC/1" ServerComment="Main"/>',
    '<IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/a" BITSUploadEnabled="TRUE"/>',
    '<IIsWebVirtualDir Location="/LM/W3SVC/2/ROOT/b" BITSUploadEnabled="TRUE"/>',
    '<IIsWebServer Location="/LM/W3SVC/3" ServerComment="Empty"/>',
  );
  test.each([
    [
      "nothing",
      "an empty file",
      "",
      "Refused.xml is not well-formed XML: Root element is missing or invalid",
    ],
    ["text", "no XML", "[vars]", "Refused.xml is not well-formed XML: Root element is missing or invalid"],
    ["half", "half a file", "<configuration><MBProperty>", "Refused.xml is not well-formed XML: "],
    ["deep", "bottomless nesting", "<a>".repeat(200_000), "nested too deep"],
    ["other", "other XML", "<html/>", "neither an applicationHost.config nor a MetaBase.xml"],
    ["no BITS", "no directory", metabase(), "No directory in Refused.xml has BITS uploads enabled."],
    [
      "off",
      "no directory switched on",
      uploads('BITSUploadEnabled2="1"').replace("TRUE", "FALSE"),
      "No directory in",
    ],
    ["sites", "several sites", TWO_SITES, 'choose with --site one of "Main" (1), "2".'],
    [
      "entity",
      "an entity of the file's own",
      '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
      "declares a document type",
    ],
    ["type", "a document type", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "declares a document type"],
    [
      "unknown",
      "an entity from nowhere",
      "<configuration>&b;</configuration>",
      "Named entity isn't defined: &b;",
    ],
    [
      "path",
      "only paths that are not served",
      uploads("").replace("uploads", "up loads"),
      "can be carried over",
    ],
  ])("%s: for %s", async (_, __, content, sentence) => {
    const { exitCode, stdout, stderr } = await run([await temporary("Refused.xml", content)]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain(sentence);
  });

  test("for bytes that are no text", async () => {
    const { exitCode, stderr } = await run([
      await temporary("Refused.xml", Uint8Array.of(0x3c, 0x61, 0xff, 0xc0)),
    ]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: "Refused.xml is not XML: its bytes are no text in utf-8.\n",
    });
  });

  test("for entities that would grow a thousandfold or read a file of this machine", async () => {
    expect(await run([fixture("entity-attack.xml")])).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "entity-attack.xml declares a document type, which no file of IIS does; it was not read.\n",
    });
  });

  test.each([
    [[], "Name one file to import"],
    [["a", "b"], "Name one file to import"],
    [["--colour"], "Unknown option '--colour'"],
    [["/nowhere/MetaBase.xml"], "There is no file /nowhere/MetaBase.xml."],
    [[tmpdir()], "can not be read: EISDIR."],
    [[METABASE, "--origin", "iis.example.com"], "--origin must be an absolute URL"],
    [[METABASE, "--origin", "https://iis.example.com/?a"], "--origin must be an absolute URL"],
    [
      [METABASE, "--site", "Other"],
      'MetaBase.xml has no web site "Other"; its sites: "Default Web Site" (1).',
    ],
    [[METABASE, "--schema", APPLICATION_HOST], "applicationHost.config names no BITS property."],
    [[APPLICATION_HOST], "name the server's schema with --schema"],
    [[APPLICATION_HOST, "--schema", SCHEMA], 'one of "Default Web Site" (1), "Partners" (2).'],
  ])("for the arguments %j", async (args, sentence) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr.trimEnd()).not.toContain("\n");
  });

  test("for a site without uploads", async () => {
    const { stderr } = await run([await temporary("MetaBase.xml", TWO_SITES), "--site", "empty"]);
    expect(stderr).toBe('No directory of "Empty" (3) in MetaBase.xml has BITS uploads enabled.\n');
  });
});

describe("the command", () => {
  test("writes TOML to stdout and the rest to stderr", async () => {
    const { exitCode: _, ...expected } = await run([METABASE]);
    expect(await node(METABASE)).toEqual(expected);
  });

  test("shows its usage", async () => {
    expect(await node("--help")).toEqual({ stdout: USAGE, stderr: "" });
  });

  test("exits with 1 where nothing was imported", async () => {
    await expect(node("/nowhere/MetaBase.xml")).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: "There is no file /nowhere/MetaBase.xml.\n",
    });
  });
});
