/** One property at one place, under its metabase name where we know it. */
export interface Property {
  readonly name: string;
  readonly value: string;
  /** Whether the places below have it too; never for BITSUploadEnabled. */
  readonly inherits: boolean;
}

/** A key of the metabase, or a `<location>`: what an administrator can hang settings on. */
export interface Place {
  /** Id of the web site, or its name where the file gives no id; null for what holds for all sites. */
  readonly site: string | null;
  /** `/uploads/` and so on; empty above the site's root. */
  readonly path: string;
  readonly isVirtualDirectory: boolean;
  readonly properties: readonly Property[];
}

/** One line of IIS's request filtering: what is done to which list. */
export interface FilterChange {
  readonly list: "fileExtensions" | "hiddenSegments" | "allowUnlisted";
  readonly change: "add" | "remove" | "clear";
  /** An extension with its dot, a segment, or the value of allowUnlisted; empty for "clear". */
  readonly name: string;
  /** Of an extension that is added. */
  readonly allowed: boolean;
}

/** `<requestFiltering>` of one place. */
export interface Filter extends Pick<Place, "site" | "path"> {
  readonly changes: readonly FilterChange[];
}

export interface Site {
  readonly id: string;
  readonly name: string;
}

/** What this importer reads of an IIS configuration, the same for both kinds of file. */
export interface IisConfiguration {
  readonly sites: readonly Site[];
  /** A place may come several times; a later one adds to the earlier. */
  readonly places: readonly Place[];
  /** Request filtering, in the file's order. */
  readonly filters: readonly Filter[];
  /** What to know about every upload to a server of this version; sentences. */
  readonly notes: readonly string[];
  /** What a person can do where no directory was found; a sentence, or empty. */
  readonly ifNothingFound: string;
}

/**
 * Every BITS property of an IIS virtual directory: Win32 "BITS IIS Extension Properties", and the
 * last three from public administration scripts, because that page leaves them out.
 */
export const BITS_PROPERTIES = [
  "BITSUploadEnabled",
  "BITSSessionTimeout",
  "BITSMaximumUploadSize",
  "BITSServerNotificationType",
  "BITSServerNotificationURL",
  "BITSHostId",
  "BITSHostIdFallbackTimeout",
  "BITSAllowOverwrites",
  "BITSCleanupUseDefault",
  "BITSCleanupCount",
  "BITSCleanupUnits",
  "BITSNumberOfSessionsLimit",
  "BITSSessionLimitEnable",
  "BITSSessionDirectory",
  "BITSCleanupWorkItemKey",
  "BITSUploadMetadataVersion",
] as const;

export type BitsProperty = (typeof BITS_PROPERTIES)[number];

const BY_LOWER_CASE = new Map(BITS_PROPERTIES.map((name) => [name.toLowerCase(), name]));

/** A name in any case → its spelling in Microsoft's documents; null where none of them has it. */
export function bitsPropertyOf(name: string): BitsProperty | null {
  return BY_LOWER_CASE.get(name.toLowerCase()) ?? null;
}

/**
 * `/LM/W3SVC/1/ROOT/uploads` → site 1, `/uploads/`; null for keys of other services and for what lies
 * beside a site's ROOT. ADSI's and customMetadata's spellings, without the first slash, are the same.
 */
export function parseMetabasePath(text: string): Pick<Place, "site" | "path"> | null {
  const [machine, service, site, root, ...folders] = text.split("/").filter(Boolean);
  if (machine !== undefined && machine.toUpperCase() !== "LM") return null;
  if (service !== undefined && service.toUpperCase() !== "W3SVC") return null;
  if (site === undefined) return { site: null, path: "" };
  if (!/^\d+$/.test(site)) return null;
  if (root === undefined) return { site, path: "" };
  return root.toUpperCase() === "ROOT" ? { site, path: folderPath(folders) } : null;
}

/** Names of folders → `/one/two/`. */
export function folderPath(folders: readonly string[]): string {
  return ["", ...folders, ""].join("/");
}
