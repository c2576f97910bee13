// Writes new values into a document; every other character stays.

import type { Span } from "./attribute-span.ts";

/** `edits` lie in the document's order and do not overlap. */
export function replaceSpans(text: string, edits: readonly { readonly span: Span; readonly value: string }[]): string {
  let written = "";
  let from = 0;
  for (const { span, value } of edits) {
    written += text.slice(from, span.start) + value;
    from = span.end;
  }
  return written + text.slice(from);
}
