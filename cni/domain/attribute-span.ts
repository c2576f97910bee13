// Where the value of an attribute stands in a document. The XML library gives the offsets of elements, not of their attributes;
// only tags that it found well-formed come here.

/** Offsets of a text in a document, in UTF-16 units; `end` is behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Attribute of XML 1.0 (fifth edition), section 3.1, with its quotes. */
const attribute = /[ \t\r\n]+([^ \t\r\n=]+)[ \t\r\n]*=[ \t\r\n]*("[^"]*"|'[^']*')/y;

/** What lies between the quotes of attribute `name`, in the start tag of element `elementName` at offset `tagStart`. */
export function attributeSpan(
  xml: string,
  { tagStart, elementName, name }: { readonly tagStart: number; readonly elementName: string; readonly name: string },
): Span | undefined {
  attribute.lastIndex = tagStart + 1 + elementName.length;
  for (;;) {
    const match = attribute.exec(xml);
    if (match === null) return undefined;
    const [, found, quoted = ""] = match;
    if (found === name) return { start: attribute.lastIndex - quoted.length + 1, end: attribute.lastIndex - 1 };
  }
}
