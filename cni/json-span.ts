// Where a member's value stands in a JSON text. prevResult is handed on as it came, and JSON.parse followed by
// JSON.stringify would change integers beyond 2^53 and numbers such as 1.0.

/**
 * The text of the top-level member `key` (in any case; the last one wins, as for Go).
 * `text` must be valid JSON; undefined when it is no object or has no such member.
 */
export function memberText(text: string, key: string): string | undefined {
  const lowerKey = key.toLowerCase();
  let depth = 0;
  let memberKey: string | undefined;
  let valueStart = -1;
  let found: string | undefined;
  const endValue = (end: number): void => {
    if (depth !== 1 || valueStart < 0) return;
    if (memberKey === lowerKey) found = text.slice(valueStart, end).trim();
    valueStart = -1;
  };
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        if (depth === 1 && valueStart < 0) memberKey = String(JSON.parse(text.slice(at, end))).toLowerCase();
        at = end - 1;
        break;
      }
      case ":":
        if (depth === 1 && valueStart < 0) valueStart = at + 1;
        break;
      case ",":
        endValue(at);
        break;
      case "{":
      case "[":
        depth++;
        break;
      case "}":
      case "]":
        endValue(at);
        depth--;
        break;
      default:
    }
  }
  return found;
}

/** The index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
