// node.json: this node's limit for plugins that ask no agent (`sizing: static`). Survives reboots and agents.

import { readFile } from "node:fs/promises";
import { writeFileAtomic } from "./atomic-file.ts";

export interface NodeFile {
  /** 256 where nothing limits. */
  readonly maxQueues: number;
  /** "NodeNetworkConfig/<name>", or "none". */
  readonly source: string;
  /** Where this node's kernel would have its own limit. */
  readonly sysctlPath: string;
}

/** Writes only what differs; whatever else stands there is replaced. Returns whether it wrote. */
export async function writeNodeFile(path: string, file: NodeFile): Promise<boolean> {
  const text = `${JSON.stringify(file)}\n`;
  const current = await readFile(path, "utf8").catch(() => undefined);
  if (current === text) return false;
  await writeFileAtomic(path, text, 0o644);
  return true;
}
