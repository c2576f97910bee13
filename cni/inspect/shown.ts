// Text from pods, made safe for a terminal. Pure.

/**
 * Printable ASCII as it is; everything else as `\xNN` or `\u{N}`, and the backslash doubled. A pod with NET_ADMIN writes link
 * names and aliases: escape sequences and turned-round letters must not reach the administrator's terminal.
 */
export function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]|\\/gu, (character) => {
    if (character === "\\") return "\\\\";
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    return code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`;
  });
}
