// `mqtap adopt` from words to texts and an exit status. The process is programs/adopt.ts's.

import { NamespaceStuckError } from "../kernel/netns.ts";
import { NetlinkFormatError } from "../netlink/attribute.ts";
import { SyscallError } from "../sys/syscalls.ts";
import { type AdoptEffects, adopt } from "./adopt.ts";
import { AdoptUsageError, adoptSynopsis, adoptUsage, parseAdoptOptions } from "./options.ts";
import { formatAdoptReport } from "./report.ts";

export interface AdoptRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitStatus: 0 | 1 | 2;
}

/** `words` is what follows "adopt". */
export function runAdopt(effects: AdoptEffects, words: readonly string[]): AdoptRun {
  try {
    const options = parseAdoptOptions(words);
    if (options === "help") return { stdout: adoptUsage(), stderr: "", exitStatus: 0 };
    return { stdout: formatAdoptReport(adopt(effects, options)), stderr: "", exitStatus: 0 };
  } catch (error) {
    if (error instanceof AdoptUsageError) {
      const message = error.message.replace(/[^\x20-\x7e]/g, "?");
      const stderr = `mqtap: ${message}\n${adoptSynopsis()}\n"mqtap adopt -h" tells more\n`;
      return { stdout: "", stderr, exitStatus: 2 };
    }
    return { stdout: "", stderr: `mqtap: cannot adopt: ${explain(error)}\n`, exitStatus: 1 };
  }
}

/** One line for everything that a node can do to us; a defect of ours shows where it is. */
function explain(error: unknown): string {
  if (error instanceof SyscallError) {
    const isForbidden = error.code === "EPERM" || error.code === "EACCES";
    return isForbidden ? `${error.message}: run it as root, with CAP_SYS_ADMIN and CAP_NET_ADMIN` : error.message;
  }
  if (error instanceof NamespaceStuckError && error.cause instanceof Error) {
    return `${error.message}: ${error.cause.message}`;
  }
  if (error instanceof NetlinkFormatError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ""}` : String(error);
}
