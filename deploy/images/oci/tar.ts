// Entries -> tar, the same bytes every time: POSIX ustar with pax headers for paths that do not fit (IEEE Std 1003.1, pax).
// Owner is always 0:0, by number alone; the caller gives the one time and the order.

/** One thing in a tar. Paths are relative and have no "/" at the end; modes are the nine permission bits and suid, sgid, sticky. */
export type TarEntry =
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly content: Uint8Array }
  | { readonly kind: "folder"; readonly path: string; readonly mode: number }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string };

const blockBytes = 512;
const typeFlags = { file: "0", symlink: "2", folder: "5", pax: "x" } as const;
const maxFieldBytes = { path: 100, target: 100, size: 0o77777777777 } as const;
const symlinkMode = 0o777;

/** The tar, closed by two empty blocks. @throws RangeError for a file of 8 GiB or more */
export function writeTar(
  entries: readonly TarEntry[],
  { mtimeSeconds }: { readonly mtimeSeconds: number },
): Uint8Array {
  const parts = entries.flatMap((entry) => [...paxParts(entry, mtimeSeconds), ...entryParts(entry, mtimeSeconds)]);
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

function entryParts(entry: TarEntry, mtimeSeconds: number): Uint8Array[] {
  const content = entry.kind === "file" ? entry.content : new Uint8Array();
  const header = {
    path: pathOf(entry),
    target: targetOf(entry),
    mode: entry.kind === "symlink" ? symlinkMode : entry.mode,
    type: typeFlags[entry.kind],
    size: content.length,
    mtimeSeconds,
  };
  return [headerBlock(header), ...padded(content)];
}

/** What of an entry goes beyond the header's fields, as records of a pax header before it. */
function paxParts(entry: TarEntry, mtimeSeconds: number): Uint8Array[] {
  const path = pathOf(entry);
  const target = targetOf(entry);
  const records = [
    ...(Buffer.byteLength(path) > maxFieldBytes.path ? [paxRecord("path", path)] : []),
    ...(Buffer.byteLength(target) > maxFieldBytes.target ? [paxRecord("linkpath", target)] : []),
  ];
  if (records.length === 0) return [];
  const content = Buffer.concat(records);
  const header = { path: "pax", target: "", mode: 0o644, type: typeFlags.pax, size: content.length, mtimeSeconds };
  return [headerBlock(header), ...padded(content)];
}

/** "<length> <key>=<value>\n", where the length counts its own digits too. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  const guess = bytes + `${bytes}`.length;
  const length = bytes + `${guess}`.length;
  return Buffer.from(`${length}${rest}`);
}

interface Header {
  readonly path: string;
  readonly target: string;
  readonly mode: number;
  readonly type: string;
  readonly size: number;
  readonly mtimeSeconds: number;
}

function headerBlock({ path, target, mode, type, size, mtimeSeconds }: Header): Uint8Array {
  if (size > maxFieldBytes.size) throw new RangeError(`cannot put "${path}" into a tar: it has ${size} bytes`);
  const block = Buffer.alloc(blockBytes);
  putText(block, path, { at: 0, bytes: maxFieldBytes.path });
  putOctal(block, mode, { at: 100, digits: 7 });
  putOctal(block, 0, { at: 108, digits: 7 }); // uid
  putOctal(block, 0, { at: 116, digits: 7 }); // gid
  putOctal(block, size, { at: 124, digits: 11 });
  putOctal(block, mtimeSeconds, { at: 136, digits: 11 });
  block.write(" ".repeat(8), 148, "latin1"); // the checksum is made with blanks in its own place
  block.write(type, 156, "latin1");
  putText(block, target, { at: 157, bytes: maxFieldBytes.target });
  block.write("ustar\u000000", 257, "latin1");
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

// what is too long is cut here, and whole in the pax header before
function putText(block: Buffer, text: string, { at, bytes }: { at: number; bytes: number }): void {
  Buffer.from(text).copy(block, at, 0, bytes);
}

function putOctal(block: Buffer, value: number, { at, digits }: { at: number; digits: number }): void {
  block.write(value.toString(8).padStart(digits, "0"), at, "latin1");
}

function padded(content: Uint8Array): Uint8Array[] {
  const missing = -content.length & (blockBytes - 1);
  return missing === 0 ? [content] : [content, Buffer.alloc(missing)];
}

function pathOf(entry: TarEntry): string {
  return entry.kind === "folder" ? `${entry.path}/` : entry.path;
}

function targetOf(entry: TarEntry): string {
  return entry.kind === "symlink" ? entry.target : "";
}
