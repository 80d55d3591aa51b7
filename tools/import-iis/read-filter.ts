import type { Filter, FilterChange, Place } from "./iis-configuration.ts";
import { childElements, elementsAt, type XmlElement } from "./read-xml.ts";

const CHANGES: readonly FilterChange["change"][] = ["add", "remove", "clear"];

/** `<requestFiltering>` of a section, or of a `<location>`: what it says of names; none if it says nothing. */
export function readFilter(parent: XmlElement, place: Pick<Place, "site" | "path">): Filter[] {
  const filtering = elementsAt(parent, "system.webServer", "security", "requestFiltering");
  const lists = (name: string): XmlElement[] => filtering.flatMap((element) => childElements(element, name));
  const changes = [
    ...lists("fileExtensions").flatMap(readExtensions),
    ...lists("hiddenSegments").flatMap((list) => readList(list, "hiddenSegments", "segment")),
  ];
  return changes.length === 0 ? [] : [{ ...place, changes }];
}

function readExtensions(list: XmlElement): FilterChange[] {
  const { allowUnlisted } = list.attributes;
  const unlisted: FilterChange[] =
    allowUnlisted === undefined
      ? []
      : [{ list: "allowUnlisted", change: "add", name: allowUnlisted, allowed: true }];
  return [...unlisted, ...readList(list, "fileExtensions", "fileExtension")];
}

function readList(element: XmlElement, list: FilterChange["list"], attribute: string): FilterChange[] {
  return childElements(element).flatMap(({ name: tag, attributes }) => {
    const change = CHANGES.find((known) => known === tag);
    const name = attributes[attribute] ?? "";
    if (change === undefined || (name === "" && change !== "clear")) return [];
    return [{ list, change, name, allowed: attributes["allowed"]?.toLowerCase() !== "false" }];
  });
}
