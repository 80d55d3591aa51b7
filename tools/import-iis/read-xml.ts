import { parseXml, XmlDocumentType, XmlElement } from "@rgrove/parse-xml";
import { ImportError } from "./import-error.ts";

export type { XmlElement };

/**
 * Bytes of an XML file → its root element. IIS writes UTF-8 and UTF-16, with a byte order mark or
 * without. The parser neither expands entities nor opens anything, and a document type, which could
 * declare entities and which no IIS file has, is refused.
 *
 * @throws ImportError, which calls the file `name`
 */
export function readXml(bytes: Uint8Array, name: string): XmlElement {
  const text = decode(bytes, name);
  try {
    const document = parseXml(text, { preserveDocumentType: true });
    if (document.root !== null && !document.children.some((node) => node instanceof XmlDocumentType)) {
      return document.root;
    }
  } catch (error) {
    if (!/<!DOCTYPE/i.test(text)) throw new ImportError(`${name} is not well-formed XML: ${reason(error)}.`);
  }
  throw new ImportError(`${name} declares a document type, which no file of IIS does; it was not read.`);
}

/** Child elements, of one name if it is given. */
export function childElements(element: XmlElement, name?: string): XmlElement[] {
  return element.children.filter(
    (node): node is XmlElement => node instanceof XmlElement && (name === undefined || node.name === name),
  );
}

/** All elements below, parents before their children. */
export function descendants(element: XmlElement): XmlElement[] {
  return childElements(element).flatMap((child) => [child].concat(descendants(child)));
}

/** The elements that a path of names leads to. */
export function elementsAt(element: XmlElement, ...names: readonly string[]): XmlElement[] {
  return names.reduce((found, name) => found.flatMap((each) => childElements(each, name)), [element]);
}

function decode(bytes: Uint8Array, name: string): string {
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes); // drops the byte order mark
  } catch {
    throw new ImportError(`${name} is not XML: its bytes are no text in ${encoding}.`);
  }
}

/** By byte order mark, else by the zero bytes around the first `<`, else by the XML declaration. */
function encodingOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first === 0x3c && second === 0) return "utf-16le";
  if (first === 0 && second === 0x3c) return "utf-16be";
  const start = Buffer.from(bytes.subarray(0, 200)).toString("latin1");
  const declared = /^<\?xml[^>]*\sencoding\s*=\s*["']([\w.-]+)["']/.exec(start)?.[1];
  // A file that was saved as UTF-8 often still declares the encoding that it had before.
  return declared === undefined || /^utf-?16/i.test(declared) ? "utf-8" : declared;
}

/** `Named entity isn't defined: &b; (line 1, column 37)`, without the excerpt below it. */
function reason(error: unknown): string {
  if (error instanceof RangeError) return "its elements are nested too deep";
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}
