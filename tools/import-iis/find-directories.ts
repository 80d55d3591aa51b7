import { isTrue } from "./conversion.ts";
import type { IisConfiguration, Place, Site } from "./iis-configuration.ts";
import { ImportError } from "./import-error.ts";
import { quote } from "./quote.ts";

/** A directory as IIS sees it: its own properties and those it inherits, and whether uploads are on. */
export interface Directory {
  readonly path: string;
  readonly enabled: boolean;
  /** By metabase name, without BITSUploadEnabled. */
  readonly properties: ReadonlyMap<string, string>;
  /** Sentences about how it was found. */
  readonly notes: readonly string[];
}

/** The directories of one site. */
export interface FoundDirectories {
  readonly site: Site;
  readonly directories: readonly Directory[];
}

const UPLOAD_ENABLED = "BITSUploadEnabled";

/**
 * Applies IIS's inheritance: a property holds for everything below its place, except BITSUploadEnabled
 * (Win32 "BITS IIS Extension Properties"). A virtual directory inside one with uploads therefore has
 * them off, and needs a block that says so, because ours serve everything below their path.
 *
 * @param wanted name or id of the site; null where the file has one site with uploads
 * @throws ImportError where no directory or no single site is left
 */
export function findDirectories(
  configuration: IisConfiguration,
  wanted: string | null,
  file: string,
): FoundDirectories {
  const merged = mergePlaces(configuration.places);
  const site = chooseSite(configuration, merged, wanted, file);
  const places = merged.filter((place) => place.site === null || place.site === site.id);
  const own = places.filter((place) => place.site !== null && place.path !== "");
  const enabled = own.filter((place) => uploadSwitch(place) === true);

  const directories = own.flatMap((place): Directory[] => {
    const { path } = place;
    const switched = uploadSwitch(place);
    if (switched !== null)
      return [{ path, enabled: switched, properties: effective(place, places), notes: [] }];

    const outer = enabled.find((each) => isAbove(each, place));
    const hasOwn = place.properties.length > 0;
    if (outer !== undefined) {
      const note = `Uploads are off here although ${quote(outer.path)} has them: BITSUploadEnabled is not inherited.`;
      return place.isVirtualDirectory || hasOwn ? [switchedOff(place, note)] : [];
    }
    // Settings here matter to what lies below; where nothing below takes uploads either, say so.
    const isIdle = hasOwn && !enabled.some((each) => isAbove(place, each));
    return isIdle ? [switchedOff(place, "Uploads are off here: BITSUploadEnabled is not set.")] : [];
  });
  return { site, directories: directories.toSorted((one, other) => (one.path < other.path ? -1 : 1)) };
}

function chooseSite(
  { sites, ifNothingFound }: IisConfiguration,
  places: readonly Place[],
  wanted: string | null,
  file: string,
): Site {
  const ids = new Set(places.filter((place) => uploadSwitch(place) === true).map((place) => place.site));
  const unlisted = [...ids].filter((id) => id !== null && !sites.some((site) => site.id === id));
  const named = [
    ...sites.filter(({ id }) => ids.has(id)),
    ...unlisted.map((id) => ({ id: id ?? "", name: id ?? "" })),
  ];
  if (wanted !== null) {
    const lower = wanted.toLowerCase();
    const found = [...named, ...sites].find(({ id, name }) => [id, name.toLowerCase()].includes(lower));
    if (found === undefined) {
      const list = sites.length === 0 ? "none" : sites.map(describe).join(", ");
      throw new ImportError(`${file} has no web site ${quote(wanted)}; its sites: ${list}.`);
    }
    if (!named.some(({ id }) => id === found.id)) {
      throw new ImportError(
        `No directory of ${describe(found)} in ${file} has BITS uploads enabled. ${ifNothingFound}`.trim(),
      );
    }
    return found;
  }
  const [first, second] = named;
  if (first === undefined) {
    throw new ImportError(`No directory in ${file} has BITS uploads enabled. ${ifNothingFound}`.trim());
  }
  if (second !== undefined) {
    throw new ImportError(
      `More than one web site takes uploads: choose with --site one of ${named.map(describe).join(", ")}.`,
    );
  }
  return first;
}

function describe({ id, name }: Site): string {
  return id === name ? quote(name) : `${quote(name)} (${id})`;
}

/** One place for each site and path, as IIS compares them: without case. */
function mergePlaces(places: readonly Place[]): Place[] {
  const merged = new Map<string, Place>();
  for (const place of places) {
    const key = `${place.site ?? ""}|${place.path.toLowerCase()}`;
    const earlier = merged.get(key);
    merged.set(key, {
      ...(earlier ?? place),
      isVirtualDirectory: place.isVirtualDirectory || earlier?.isVirtualDirectory === true,
      properties: [...(earlier?.properties ?? []), ...place.properties],
    });
  }
  return [...merged.values()].toSorted((one, other) => one.path.length - other.path.length);
}

/** The place's own BITSUploadEnabled; null where it says nothing. */
function uploadSwitch(place: Place): boolean | null {
  const own = place.properties.findLast(({ name }) => name === UPLOAD_ENABLED);
  const isDirectory = place.site !== null && place.path !== "";
  return own === undefined || !isDirectory ? null : isTrue(own.value);
}

/** Own and inherited properties; the nearest place wins. */
function effective(place: Place, places: readonly Place[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const each of places) {
    for (const { name, value, inherits } of each.properties) {
      const counts = each === place || (inherits && isAbove(each, place));
      if (counts && name !== UPLOAD_ENABLED) found.set(name, value);
    }
  }
  return found;
}

function isAbove(upper: Place, lower: Place): boolean {
  if (upper === lower || (upper.site !== null && upper.site !== lower.site)) return false;
  return lower.path.toLowerCase().startsWith(upper.path.toLowerCase());
}

/** Only what is set here: nothing that it inherits is in force. */
function switchedOff({ path, properties }: Place, note: string): Directory {
  return {
    path,
    enabled: false,
    properties: new Map(properties.map(({ name, value }) => [name, value])),
    notes: [note],
  };
}
