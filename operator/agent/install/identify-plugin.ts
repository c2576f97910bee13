// What a file in the plugin's place is to us. Pure but for the looks it asks for. What we did not put there and what is
// no mqtap is never touched: neither replaced nor removed.

import type { Placed } from "../state.ts";
import type { Answer } from "./probe-plugin.ts";

export type Identity =
  /** What this agent installs. */
  | "current"
  /** An mqtap of another release, or one whose record is lost. */
  | "mqtap"
  /** The file that we put there, and it does not work any more. */
  | "damaged"
  | "foreign";

export interface Evidence {
  readonly sha256: string;
  readonly inode: string;
  /** Of what this agent installs. */
  readonly sourceSha256: string | undefined;
  /** What we put at this path. */
  readonly record: Placed | undefined;
  readonly ask: () => Promise<Answer>;
  /** The file's first bytes. */
  readonly head: () => Promise<Uint8Array>;
}

export async function identifyPlugin(evidence: Evidence): Promise<Identity> {
  const { sha256, sourceSha256, record, inode, ask, head } = evidence;
  if (sha256 === sourceSha256) return "current";
  if (record?.sha256s.includes(sha256) === true) return "mqtap";
  const bytes = await head();
  // mqtap is linked statically, so these are somebody else's, and not started to find out.
  if (isScript(bytes) || needsLoader(bytes)) return "foreign";
  const answer = await ask();
  if (answer.kind === "mqtap") return "mqtap";
  return answer.kind === "none" && record?.inodes.includes(inode) === true ? "damaged" : "foreign";
}

function isScript(head: Uint8Array): boolean {
  return head[0] === 0x23 && head[1] === 0x21;
}

/** An ELF file of 64 bits, little endian, with PT_INTERP among its program headers (elf.h). */
function needsLoader(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.byteLength < 64 || view.getUint32(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return false;
  const table = Number(view.getBigUint64(32, true));
  const size = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  const interpreter = 3;
  return Array.from({ length: count }, (_, index) => table + index * size).some(
    (offset) => offset + 4 <= head.byteLength && view.getUint32(offset, true) === interpreter,
  );
}

/** Enough for the program headers. */
export const headBytes = 4096;
