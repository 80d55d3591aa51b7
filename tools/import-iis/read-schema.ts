import { descendants, type XmlElement } from "./read-xml.ts";

/** Metabase number of a property → its name; BITS's properties only. */
export type PropertyNames = ReadonlyMap<number, string>;

/**
 * Reads which numbers a server gave BITS's properties from its MBSchema.xml
 * (`<Property InternalName="BITSUploadEnabled" ID="…" …/>`).
 */
export function readSchema(root: XmlElement): PropertyNames {
  const named = descendants(root).flatMap(({ attributes: { InternalName, ID } }) =>
    InternalName !== undefined && /^BITS/i.test(InternalName) && /^\d+$/.test(ID ?? "")
      ? [[Number(ID), InternalName] as const]
      : [],
  );
  return new Map(named);
}
