import { segmentsBelow } from "./destination.ts";

/** Which names a directory takes. Extensions are in lower case and have their dot; segments are in lower case. */
export interface NamePolicy {
  /** Extensions that no file and no folder may have. */
  readonly denyExtensions: readonly string[];
  /**
   * The only extensions that a file may have, "." for a name without one; null allows every extension that is not
   * denied.
   */
  readonly allowExtensions: readonly string[] | null;
  /** Names that no file and no folder may have. */
  readonly denySegments: readonly string[];
}

/**
 * What IIS denies as it is installed: `<fileExtensions>` of `<requestFiltering>` in applicationHost.config (IIS 7 to 10).
 * https://learn.microsoft.com/iis/configuration/system.webserver/security/requestfiltering/fileextensions/
 */
const SOURCES =
  ".asa .asax .ascx .master .skin .browser .sitemap .config .cs .csproj .vb .vbproj .webinfo .licx .resx .resources " +
  ".mdb .vjsproj .java .jsl .ldb .dsdgm .ssdgm .lsad .ssmap .cd .dsprototype .lsaprototype .sdm .sdmdocument .mdf .ldf " +
  ".ad .dd .ldd .sd .adprototype .lddprototype .exclude .refresh .compiled .msgx .vsdisco .rules";

/**
 * What IIS runs as it is installed with ASP, ASP.NET, WCF and server-side includes: the script mappings of `<handlers>`.
 * IIS takes requests for such names, because it runs these files. A file that a client has uploaded must not be run.
 * https://learn.microsoft.com/iis/configuration/system.webserver/handlers/
 */
export const SCRIPT_EXTENSIONS: readonly string[] = (
  ".asp .aspx .ashx .asmx .aspq .axd .cdx .cer .cshtm .cshtml .idc .rem .shtm .shtml .soap .stm .svc .vbhtm .vbhtml " +
  ".xamlx .xoml"
).split(" ");

/** Default of `deny_extensions`. */
export const DENIED_EXTENSIONS: readonly string[] = [...SOURCES.split(" "), ...SCRIPT_EXTENSIONS];

/**
 * Default of `deny_segments`: `<hiddenSegments>` of `<requestFiltering>` as IIS is installed.
 * https://learn.microsoft.com/iis/configuration/system.webserver/security/requestfiltering/hiddensegments/
 */
export const DENIED_SEGMENTS: readonly string[] = [
  "web.config",
  "bin",
  "app_code",
  "app_globalresources",
  "app_localresources",
  "app_webreferences",
  "app_data",
  "app_browsers",
];

/** What a directory does not take: a name of the path, and the setting that says so. */
export interface RefusedName {
  readonly name: string;
  readonly setting: "deny_extensions" | "allow_extensions" | "deny_segments";
}

/**
 * Says whether a directory takes a destination by its names, folders included: IIS 6 runs everything in a folder that is
 * called `x.asp`, and reads `x.asp;.jpg` as `x.asp` (Microsoft Security Bulletin MS09-053 and KB 979124).
 *
 * @param path of the request's URL, percent-encoded, without its query; `refuseDestination` has let it in
 * @param directoryPath the upload directory's, with a slash at both ends; its own names are the operator's
 * @returns the first name that is refused, or null
 */
export function refuseName(path: string, directoryPath: string, policy: NamePolicy): RefusedName | null {
  const names = segmentsBelow(path, directoryPath).map((segment) => segment?.toLowerCase() ?? "");
  for (const name of names) {
    // Windows takes dots and spaces off the end of a name, and so does who has cut it at a semicolon.
    const parts = name.split(";").map((part) => part.replace(/[. ]+$/, ""));
    if (parts.some((part) => policy.denySegments.includes(part))) return { name, setting: "deny_segments" };
    if (parts.some((part) => policy.denyExtensions.includes(extensionOf(part))))
      return { name, setting: "deny_extensions" };
  }
  const file = names.at(-1) ?? "";
  const isAllowed = policy.allowExtensions === null || policy.allowExtensions.includes(extensionOf(file));
  return isAllowed ? null : { name: file, setting: "allow_extensions" };
}

/** From the last dot on; "." for a name without one. */
function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot === -1 ? "." : name.slice(dot);
}
