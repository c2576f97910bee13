// Shortens a document before it is parsed: the parser's time is by the character, and most of a domain are elements that the
// hook does not read, such as one <vcpu> for each of 256 sockets. What is folded is sound by itself, so the shorter document is
// well-formed when and only when the longer one is, and holds the same NICs.

export interface FoldedDocument {
  readonly text: string;
  /** Where in the whole document an offset of `text` lies, outside of what is folded. */
  readonly offsetOf: (offset: number) => number;
}

/**
 * An element without content in the plainest form: ASCII letters, no reference, no namespace, at most six attributes, none of
 * them twice. Names that mean something to the hook are not among them. No part can look further than the next "<" or ">", so
 * that the time is linear in the document's length.
 */
const plainElement =
  /<(?!(?:alias|devices|domain|driver|interface|model|target)[ >])([A-Za-z]+)(?: ([A-Za-z_]+)="[ !#-%'-;=?-~]*"(?![^<>]* \2=)){0,6}><\/\1>/g;

/** In content it is another element, elsewhere it is as wrong as what it stands for. */
const folded = "<a/>";

/** A row of plain elements becomes one. Documents with comments, CDATA, instructions or a DOCTYPE stay whole. */
export function foldElements(xml: string): FoldedDocument {
  if (/<[!?]/.test(xml)) return unfolded(xml);
  const folds: { readonly at: number; removed: number }[] = [];
  let text = "";
  let end = 0;
  plainElement.lastIndex = 0;
  for (;;) {
    const match = plainElement.exec(xml);
    if (match === null) break;
    const last = folds.at(-1);
    if (last !== undefined && isWhiteSpace(xml, { start: end, end: match.index })) {
      last.removed += plainElement.lastIndex - end;
    } else {
      text += xml.slice(end, match.index) + folded;
      folds.push({ at: text.length, removed: match[0].length - folded.length });
    }
    end = plainElement.lastIndex;
  }
  return { text: text + xml.slice(end), offsetOf: (offset) => unfold(folds, offset) };
}

/** The same for a document that stays as it is. */
export function unfolded(xml: string): FoldedDocument {
  return { text: xml, offsetOf: (offset) => offset };
}

function unfold(folds: readonly { readonly at: number; readonly removed: number }[], offset: number): number {
  let removedBefore = 0;
  for (const { at, removed } of folds) {
    if (at > offset) break;
    removedBefore += removed;
  }
  return offset + removedBefore;
}

/** S of XML 1.0, section 2.3. */
function isWhiteSpace(text: string, { start, end }: { readonly start: number; readonly end: number }): boolean {
  for (let at = start; at < end; at += 1) if (!" \t\r\n".includes(text.charAt(at))) return false;
  return true;
}
