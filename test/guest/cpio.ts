// Archives that the Linux kernel unpacks as its first file system: cpio in the "newc" format, nothing compressed
// (Documentation/driver-api/early-userspace/buffer-format.rst).

export interface CpioFile {
  /** Permission bits. */
  readonly mode: number;
  readonly content: Uint8Array;
}

/** S_IFDIR and S_IFREG of linux/stat.h. */
const directoryMode = 0o040755;
const regularFile = 0o100000;

/** One archive of these files, by absolute path; the folders above them are added. */
export function writeCpio(files: Readonly<Record<string, CpioFile>>): Uint8Array {
  const paths = Object.keys(files).sort();
  for (const path of paths) {
    if (!/^(\/[^/\0]+)+$/.test(path)) throw new TypeError(`cannot archive "${path}": it is no absolute path`);
  }
  const folders = [...new Set(paths.flatMap(foldersAbove))].sort();
  const entries = [
    ...folders.map((path) => ({ path, mode: directoryMode, content: new Uint8Array() })),
    ...paths.map((path) => ({ path, mode: regularFile | (files[path]?.mode ?? 0), content: contentOf(files, path) })),
  ];
  const chunks = entries.flatMap((entry, i) => writeEntry({ ...entry, inode: i + 1 }));
  return Buffer.concat([
    ...chunks,
    ...writeEntry({ path: "/TRAILER!!!", mode: 0, content: new Uint8Array(), inode: 0 }),
  ]);
}

function contentOf(files: Readonly<Record<string, CpioFile>>, path: string): Uint8Array {
  return files[path]?.content ?? new Uint8Array();
}

/** "/a/b/c" lies in "/a" and "/a/b". */
function foldersAbove(path: string): readonly string[] {
  const names = path.split("/").slice(1, -1);
  return names.map((_, i) => `/${names.slice(0, i + 1).join("/")}`);
}

interface Entry extends CpioFile {
  readonly path: string;
  readonly inode: number;
}

/** Header of 13 eight-digit fields and name, then the content; each padded to four bytes. */
function writeEntry({ path, mode, content, inode }: Entry): readonly Uint8Array[] {
  const name = Buffer.from(`${path.slice(1)}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return [Buffer.from(header), name, padding(header.length + name.length), content, padding(content.length)];
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
