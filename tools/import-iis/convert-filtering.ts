import { DENIED_EXTENSIONS, DENIED_SEGMENTS, SCRIPT_EXTENSIONS } from "../../src/protocol/name-policy.ts";
import { type Conversion, isTrue, type Setting } from "./conversion.ts";
import type { Filter } from "./iis-configuration.ts";

/** What IIS's request filtering says of names at one place, with all that is above it. */
interface Names {
  readonly denied: Set<string>;
  readonly allowed: Set<string>;
  readonly segments: Set<string>;
  allowUnlisted: boolean;
}

/**
 * `<requestFiltering>` of applicationHost.config → which names a directory takes. Lists of IIS inherit: a place adds to
 * those above it, and takes away. What is as IIS is installed needs no setting.
 *
 * @param filters of the whole file, in its order
 * @param site id of the web site
 * @param path of the directory, `/uploads/`
 */
export function convertFiltering(filters: readonly Filter[], site: string, path: string): Conversion {
  const names: Names = {
    denied: new Set(DENIED_EXTENSIONS),
    allowed: new Set(),
    segments: new Set(DENIED_SEGMENTS),
    allowUnlisted: true,
  };
  const above = filters.filter((filter) => (filter.site ?? site) === site && isAbove(filter.path, path));
  for (const filter of above.toSorted((one, other) => one.path.length - other.path.length))
    apply(filter, names);
  const settings: Setting[] = [];
  if (!isSame(names.denied, DENIED_EXTENSIONS)) settings.push(["deny_extensions", [...names.denied]]);
  if (!names.allowUnlisted) settings.push(["allow_extensions", [...names.allowed]]);
  if (!isSame(names.segments, DENIED_SEGMENTS)) settings.push(["deny_segments", [...names.segments]]);
  const clash = [...names.allowed].filter((extension) => names.denied.has(extension));
  const notes =
    names.allowUnlisted || clash.length === 0
      ? []
      : [`${clash.join(", ")} may be asked for at IIS, and not be uploaded: IIS would run it.`];
  return { settings, notes };
}

function apply({ changes }: Filter, names: Names): void {
  for (const { list, change, name, allowed } of changes) {
    const key = name.toLowerCase();
    if (list === "allowUnlisted") names.allowUnlisted = isTrue(name);
    else if (list === "hiddenSegments") {
      if (change === "clear") names.segments.clear();
      else if (change === "add") names.segments.add(key);
      else names.segments.delete(key);
    } else if (change === "clear") {
      names.denied.clear();
      for (const extension of SCRIPT_EXTENSIONS) names.denied.add(extension);
      names.allowed.clear();
    } else {
      names.allowed.delete(key);
      if (change === "add" && !allowed) names.denied.add(key);
      else if (change === "remove") names.denied.delete(key);
      else names.allowed.add(key);
    }
  }
}

function isAbove(upper: string, lower: string): boolean {
  return lower.toLowerCase().startsWith(upper.toLowerCase());
}

function isSame(names: ReadonlySet<string>, defaults: readonly string[]): boolean {
  return names.size === defaults.length && defaults.every((name) => names.has(name));
}
