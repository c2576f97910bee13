// What the CNI project's `tuning` plugin, run after us in a chain, noted of our tap before it changed it. It changes the MTU
// without telling it in the result, so this note is the only sign that the difference CHECK sees was asked for; tuning's own
// CHECK compares the new value. createBackup() in plugins/meta/tuning/tuning.go of containernetworking/plugins v1.9.1.

import { integerWithin, isJsonObject } from "../json-object.ts";
import { SyscallError } from "../sys/syscalls.ts";
import type { Call } from "./call.ts";

/** Where tuning keeps its notes unless its own configuration says otherwise. */
const directory = "/run/cni/tuning";

/** O_RDONLY | O_CLOEXEC (asm-generic/fcntl.h). */
const readFlags = 0o2000000;

/** The tap's MTU before tuning changed it; undefined when it left the MTU alone. */
export function mtuBeforeTuning({ sys, environment }: Pick<Call, "sys" | "environment">): number | undefined {
  // Neither variable can leave the directory: dispatch has refused every "/".
  const path = `${directory}/${environment.containerId}_${environment.ifName}.json`;
  let note: unknown;
  try {
    const fd = sys.openIfThere(path, readFlags);
    if (fd === undefined) return undefined;
    try {
      note = JSON.parse(sys.readToEnd(fd));
    } finally {
      sys.close(fd);
    }
  } catch (error) {
    // A note that cannot be read is none: CHECK then reports the difference.
    if (error instanceof SyscallError || error instanceof SyntaxError) return undefined;
    throw error;
  }
  return isJsonObject(note) ? integerWithin(note["mtu"], 1, 0x7fff_ffff) : undefined;
}
