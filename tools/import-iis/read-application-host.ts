import {
  bitsPropertyOf,
  folderPath,
  type IisConfiguration,
  parseMetabasePath,
  type Place,
  type Property,
  type Site,
} from "./iis-configuration.ts";
import { readFilter } from "./read-filter.ts";
import type { PropertyNames } from "./read-schema.ts";
import { childElements, descendants, elementsAt, type XmlElement } from "./read-xml.ts";

const REQUEST_LIMIT =
  "The edge hands a whole upload to the origin in one request, and IIS 7 and later refuse requests larger " +
  "than maxAllowedContentLength (30,000,000 bytes unless it is set): raise it on the origin.";
const BY_NUMBER =
  "IIS 7 and later keep BITS's properties under numbers, in <customMetadata>: " +
  "name the server's schema with --schema, or export them by name as docs/import-iis.md shows.";

/**
 * IIS 7 and later: applicationHost.config. BITS has no documented section of its own there; its
 * properties are metabase properties, which IIS keeps in `<customMetadata>` by number. A section by
 * name is read as well, in case a server has one.
 */
export function readApplicationHost(root: XmlElement, names: PropertyNames): IisConfiguration {
  const siteElements = elementsAt(root, "system.applicationHost", "sites", "site");
  const sites = siteElements.map(({ attributes: { id = "", name = id } }) => ({ id, name }));
  const keys = elementsAt(root, "system.applicationHost", "customMetadata", "key");
  const locations = childElements(root, "location");
  return {
    sites,
    places: [
      ...siteElements.flatMap(virtualDirectories),
      ...keys.flatMap((key) => customMetadata(key, names)),
      ...sections(root, null, ""),
      ...locations.flatMap((location) => locationSections(location, sites)),
    ],
    filters: [
      ...readFilter(root, { site: null, path: "" }),
      ...locations.flatMap((location) => readFilter(location, placeOf(location, sites))),
    ],
    notes: [REQUEST_LIMIT],
    ifNothingFound: keys.some((key) => parseMetabasePath(key.attributes["path"] ?? "") !== null)
      ? BY_NUMBER
      : "",
  };
}

function virtualDirectories(site: XmlElement): Place[] {
  return childElements(site, "application").flatMap((application) =>
    childElements(application, "virtualDirectory").map((directory) => ({
      site: site.attributes["id"] ?? "",
      path: folderPath(
        [application, directory].flatMap(({ attributes: { path = "/" } }) => path.split("/").filter(Boolean)),
      ),
      isVirtualDirectory: true,
      properties: [],
    })),
  );
}

function customMetadata(key: XmlElement, names: PropertyNames): Place[] {
  const place = parseMetabasePath(key.attributes["path"] ?? "");
  if (key.attributes["path"] === undefined || place === null) return [];
  const properties = childElements(key, "property").flatMap(({ attributes: { id, value, attributes } }) => {
    const name = names.get(Number(id));
    if (name === undefined) return [];
    const inherits = attributes === undefined || /\bInherit\b/i.test(attributes);
    return [{ name: bitsPropertyOf(name) ?? name, value: value ?? "", inherits }];
  });
  return [{ ...place, isVirtualDirectory: false, properties }];
}

function locationSections(location: XmlElement, sites: readonly Site[]): Place[] {
  const { site, path } = placeOf(location, sites);
  return sections(location, site, path);
}

function placeOf(location: XmlElement, sites: readonly Site[]): Pick<Place, "site" | "path"> {
  const [name, ...folders] = (location.attributes["path"] ?? "").split("/").filter(Boolean);
  if (name === undefined || name === ".") return { site: null, path: "" };
  const site = sites.find((each) => each.name.toLowerCase() === name.toLowerCase());
  return { site: site?.id ?? name, path: folderPath(folders) };
}

/** Every element of `<system.webServer>` that says BITS by name, such as `<bits uploadEnabled="true"/>`. */
function sections(parent: XmlElement, site: string | null, path: string): Place[] {
  return elementsAt(parent, "system.webServer")
    .flatMap(descendants)
    .filter((element) => /^(?:server)?bits/i.test(element.name))
    .map((section) => ({
      site,
      path,
      isVirtualDirectory: false,
      properties: Object.entries(section.attributes).map(([name, value]) =>
        sectionProperty(section, name, value),
      ),
    }));
}

/** `uploadEnabled`, `notificationType`, `hostId`: the metabase's names without BITS or BITSServer. */
function sectionProperty(section: XmlElement, attribute: string, value: string): Property {
  const known = ["", "BITS", "BITSServer"].map((prefix) => bitsPropertyOf(prefix + attribute));
  return {
    name: known.find((name) => name !== null) ?? `<${section.name}> ${attribute}`,
    value,
    inherits: true,
  };
}
