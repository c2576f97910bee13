// Where an IPAM plugin lies: the first directory of CNI_PATH that has a regular file of its name, as pkg/invoke/find.go of cni.

import { CniError, errorCodes, isPassing } from "../error.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";

/** S_IFMT and S_IFREG of linux/stat.h. */
const fileTypeMask = 0o170000;
const regularFile = 0o100000;

/** `type` has been validated (plugin-name.ts). @throws CniError 121 naming the directories, SyscallError for a shortage. */
export function findPlugin(sys: Syscalls, type: string, cniPath: string): string {
  // A relative directory would depend on where the runtime happened to start us.
  const directories = cniPath.split(":").filter((directory) => directory.startsWith("/"));
  for (const directory of directories) {
    const path = `${directory}/${type}`;
    if (isRegularFile(sys, path)) return path;
  }
  const looked = directories.length === 0 ? "no absolute directory" : directories.map((each) => `"${each}"`).join(", ");
  throw new CniError(
    errorCodes.NoIpamPlugin,
    `cannot run the IPAM plugin ${JSON.stringify(type)}: CNI_PATH has no such file: install it, or correct "ipam.type"`,
    { details: `CNI_PATH has ${looked}` },
  );
}

function isRegularFile(sys: Syscalls, path: string): boolean {
  try {
    return (sys.stat(path).mode & fileTypeMask) === regularFile;
  } catch (error) {
    if (error instanceof SyscallError && !isPassing(error)) return false;
    throw error;
  }
}
