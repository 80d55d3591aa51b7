import { expect, test } from "vitest";
import { DENIED_EXTENSIONS, DENIED_SEGMENTS, SCRIPT_EXTENSIONS } from "../../src/protocol/name-policy.ts";
import { convertFiltering } from "../../tools/import-iis/convert-filtering.ts";
import { readApplicationHost } from "../../tools/import-iis/read-application-host.ts";
import { readXml } from "../../tools/import-iis/read-xml.ts";

const filtering = (rules: string): string =>
  `<system.webServer><security><requestFiltering>${rules}</requestFiltering></security></system.webServer>`;

/** What the directory `/uploads/` of site 1 becomes, under an applicationHost.config with this filtering. */
function convert(global: string, location = "", path = "Default Web Site/uploads") {
  const text = `<configuration>
    <system.applicationHost><sites><site name="Default Web Site" id="1"/></sites></system.applicationHost>
    ${filtering(global)}<location path="${path}">${filtering(location)}</location>
  </configuration>`;
  const { filters } = readApplicationHost(readXml(new TextEncoder().encode(text), "it"), new Map());
  const { settings, notes } = convertFiltering(filters, "1", "/uploads/");
  return { ...Object.fromEntries(settings), notes: notes.join(" ") };
}

/** As IIS is installed. */
const STOCK = `
  <fileExtensions allowUnlisted="true" applyToWebDAV="true">
    <add fileExtension=".config" allowed="false"/><add fileExtension=".sdmDocument" allowed="false"/>
  </fileExtensions>
  <hiddenSegments applyToWebDAV="true"><add segment="web.config"/><add segment="App_code"/></hiddenSegments>`;

test("what is as IIS is installed needs no setting", () => {
  expect(convert(STOCK)).toEqual({ notes: "" });
});

test("a directory's own rules add to those above, and take away", () => {
  const own = `
    <fileExtensions><remove fileExtension=".cs"/><add fileExtension=".EXE" allowed="false"/></fileExtensions>
    <hiddenSegments><remove segment="bin"/><add segment="Private"/></hiddenSegments>`;
  expect(convert(STOCK, own)).toEqual({
    deny_extensions: [...DENIED_EXTENSIONS.filter((extension) => extension !== ".cs"), ".exe"],
    deny_segments: [...DENIED_SEGMENTS.filter((segment) => segment !== "bin"), "private"],
    notes: "",
  });
});

test("a list of what is let in is one here too; what IIS would run is not let in by it", () => {
  const own = `<fileExtensions allowUnlisted="false"><add fileExtension=".zip" allowed="true"/>
    <add fileExtension=".aspx" allowed="true"/></fileExtensions>`;
  const { notes, ...settings } = convert(STOCK, own);
  expect(settings).toEqual({ allow_extensions: [".zip", ".aspx"] });
  expect(notes).toContain(".aspx");
});

test("a list that is cleared leaves what IIS would run", () => {
  const own = "<fileExtensions><clear/></fileExtensions><hiddenSegments><clear/></hiddenSegments>";
  expect(convert(STOCK, own)).toEqual({ deny_extensions: SCRIPT_EXTENSIONS, deny_segments: [], notes: "" });
});

test("rules of another directory, and of another site, are not this one's", () => {
  const own = '<hiddenSegments><add segment="private"/></hiddenSegments>';
  expect(convert(STOCK, own, "Default Web Site/other")).toEqual({ notes: "" });
  expect(convert(STOCK, own, "Other Site")).toEqual({ notes: "" });
  expect(convert(STOCK, own, "Default Web Site")).toHaveProperty("deny_segments");
});
