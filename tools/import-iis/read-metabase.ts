import {
  bitsPropertyOf,
  type IisConfiguration,
  parseMetabasePath,
  type Place,
  type Property,
  type Site,
} from "./iis-configuration.ts";
import type { PropertyNames } from "./read-schema.ts";
import { childElements, descendants, type XmlElement } from "./read-xml.ts";

/**
 * IIS 6: MetaBase.xml, where every key is an element with a Location and its properties are attributes,
 * or `<Custom>` elements inside it where the schema does not know them.
 */
export function readMetabase(root: XmlElement, names: PropertyNames): IisConfiguration {
  const sites: Site[] = [];
  const places: Place[] = [];
  for (const key of descendants(root)) {
    const place = parseMetabasePath(key.attributes["Location"] ?? "/");
    if (key.attributes["Location"] === undefined || place === null) continue;
    if (key.name === "IIsWebServer" && place.site !== null) {
      sites.push({ id: place.site, name: key.attributes["ServerComment"] ?? place.site });
    }
    places.push({
      ...place,
      isVirtualDirectory: key.name === "IIsWebVirtualDir",
      properties: [...attributes(key), ...customProperties(key, names)],
    });
  }
  return { sites, places, filters: [], notes: [], ifNothingFound: "" };
}

function attributes(key: XmlElement): Property[] {
  return Object.entries(key.attributes)
    .filter(([name]) => /^BITS/i.test(name))
    .map(([name, value]) => ({ name: bitsPropertyOf(name) ?? name, value, inherits: true }));
}

function customProperties(key: XmlElement, names: PropertyNames): Property[] {
  return childElements(key, "Custom").flatMap(({ attributes: { Name, ID, Value, Attributes } }) => {
    const name = Name !== undefined && /^BITS/i.test(Name) ? Name : names.get(Number(ID));
    if (name === undefined) return [];
    const inherits = Attributes === undefined || /\bINHERIT\b/i.test(Attributes);
    return [{ name: bitsPropertyOf(name) ?? name, value: Value ?? "", inherits }];
  });
}
