// Puts a file in its place whole or not at all, through every kill and power cut: a new file beside it, on the medium,
// looked at, renamed. The new file's name begins with what nobody else uses, so that leftovers of a kill can be removed.

import { dirname, join } from "node:path";
import type { Disk } from "./disk.ts";

/** What our temporary files begin with. */
const temporaryPrefix = ".mqtap-install-";

export interface Placing {
  readonly disk: Disk;
  readonly target: string;
  readonly content: { readonly copyOf: string } | { readonly text: string };
  readonly mode: number;
  /** Told of the new file before it takes its place; what it throws keeps that from happening. */
  readonly beforeRename: (temporary: string) => Promise<void>;
  /** Two agents at once never have the same. */
  readonly uniqueName: () => string;
}

/** Whatever was at `target` is there until the new file is. @throws what the disk or `beforeRename` throws. */
export async function placeFile({ disk, target, content, mode, beforeRename, uniqueName }: Placing): Promise<void> {
  const directory = dirname(target);
  const temporary = join(directory, `${temporaryPrefix}${uniqueName()}`);
  try {
    if ("text" in content) await disk.writeText(temporary, content.text, mode);
    else await disk.copy(content.copyOf, temporary, mode);
    await disk.sync(temporary);
    await beforeRename(temporary);
    await disk.rename(temporary, target);
  } catch (error) {
    await disk.remove(temporary).catch(() => undefined);
    throw error;
  }
  await disk.sync(directory);
}

/** Removes what an earlier process left when it was killed. An agent that is at it at this moment fails, and tries again. */
export async function removeLeftovers(disk: Disk, directory: string): Promise<void> {
  const names = await disk.list(directory);
  for (const name of names.filter((candidate) => candidate.startsWith(temporaryPrefix))) {
    await disk.remove(join(directory, name));
  }
}

/** Whether a name in the directory is one of ours for the time of an installation. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith(temporaryPrefix);
}
