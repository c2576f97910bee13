// One word of a POSIX shell, whatever is in it.

/** The text in quotes for sh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
