// The NICs of a libvirt domain whose queues can be lowered: devices/interface as KubeVirt writes it, with a tap (type "ethernet"),
// the alias "ua-<network>", a virtio model and more than one queue.

import { parseXml, XmlDocumentType, XmlElement, XmlError } from "@rgrove/parse-xml";
import { attributeSpan, type Span } from "./attribute-span.ts";
import { type FoldedDocument, foldElements, unfolded } from "./fold-elements.ts";

/** The document is not one that may be changed. */
export class DomainXmlError extends Error {
  override readonly name = "DomainXmlError";
}

export interface DomainNic {
  /** Its name in the VMI. */
  readonly network: string;
  /** The tap; undefined while KubeVirt has not filled it in. */
  readonly targetDevice: string | undefined;
  /** At least 2. */
  readonly queues: number;
  /** Where that number stands in the document. */
  readonly span: Span;
}

export interface DomainNics {
  readonly nics: readonly DomainNic[];
  /** Those of KubeVirt's that are not as KubeVirt writes them, and why they stay as they are. */
  readonly unclear: readonly { readonly network: string; readonly why: string }[];
}

const aliasPrefix = "ua-";

/** @throws DomainXmlError for what is no XML, no domain, or has a DOCTYPE. */
export function findDomainNics(xml: string): DomainNics {
  const document = foldElements(xml);
  if (document.text.length < xml.length) {
    try {
      return nicsOf(document);
    } catch (error) {
      if (!(error instanceof DomainXmlError)) throw error;
    }
  }
  // What is wrong is told of the whole document, so that its lines are right.
  return nicsOf(unfolded(xml));
}

/** The NICs of a document, folded or not. @throws DomainXmlError */
export function nicsOf(document: FoldedDocument): DomainNics {
  const nics: DomainNic[] = [];
  const unclear: { network: string; why: string }[] = [];
  for (const element of interfacesOf(document.text)) {
    const alias = attributeOf(childrenOf(element, "alias")[0], "name") ?? "";
    if (!alias.startsWith(aliasPrefix)) continue;
    const network = alias.slice(aliasPrefix.length);
    const nic = readNic(document, { element, network });
    if (typeof nic === "string") unclear.push({ network, why: nic });
    else if (nic !== undefined) nics.push(nic);
  }
  return { nics, unclear };
}

/** Undefined for a NIC with nothing to lower; a text for one that is unclear, why. */
function readNic(
  { text, offsetOf }: FoldedDocument,
  { element, network }: { readonly element: XmlElement; readonly network: string },
): DomainNic | string | undefined {
  const drivers = childrenOf(element, "driver");
  if (!drivers.some((driver) => "queues" in driver.attributes)) return undefined;
  for (const name of ["alias", "driver", "model", "target"]) {
    if (childrenOf(element, name).length > 1) return `it has more than one <${name}>`;
  }
  if (!attributeOf(childrenOf(element, "model")[0], "type")?.startsWith("virtio")) return undefined;
  const written = attributeOf(drivers[0], "queues") ?? "";
  if (!/^[1-9][0-9]{0,4}$/.test(written)) return `queues "${written.slice(0, 20)}" is no number of queues`;
  const queues = Number(written);
  if (queues === 1) return undefined;
  const type = element.attributes["type"] ?? "";
  if (type !== "ethernet") return `type "${type.slice(0, 20)}" has no tap`;
  const tagStart = drivers[0]?.start ?? -1;
  const found = attributeSpan(text, { tagStart, elementName: "driver", name: "queues" });
  if (found === undefined) return "queues cannot be found in the text of <driver>";
  const span = { start: offsetOf(found.start), end: offsetOf(found.end) };
  return { network, targetDevice: attributeOf(childrenOf(element, "target")[0], "dev"), queues, span };
}

function interfacesOf(xml: string): readonly XmlElement[] {
  const document = parseDocument(xml);
  if (document.children.some((node) => node instanceof XmlDocumentType)) {
    throw new DomainXmlError("the document has a DOCTYPE, which no domain has");
  }
  const { root } = document;
  if (root?.name !== "domain") throw new DomainXmlError(`the document is no <domain> but <${root?.name.slice(0, 40)}>`);
  return childrenOf(root, "devices").flatMap((devices) => childrenOf(devices, "interface"));
}

function parseDocument(xml: string) {
  try {
    return parseXml(xml, { includeOffsets: true, preserveDocumentType: true });
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    // The first line says what and where; the others quote the document.
    throw new DomainXmlError(`the document is no XML that mqtap reads: ${error.message.split("\n")[0]}`, {
      cause: error,
    });
  }
}

function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((node) => node instanceof XmlElement && node.name === name) as XmlElement[];
}

function attributeOf(element: XmlElement | undefined, name: string): string | undefined {
  return element?.attributes[name];
}
