// What the guests of these tests have in common: the plugin, `ip`, the program that opens queues as QEMU does, a pod's
// namespace, and shell functions for calling and looking.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileTool } from "./compile.ts";
import { programFiles } from "./program-files.ts";
import type { GuestFile } from "./run-guest.ts";

const built = fileURLToPath(new URL("../../dist/", import.meta.url));

/** Programs of ours, the reference plugin and an IPAM plugin; `directory` takes what has to be compiled. */
export function podFiles(directory: string): Readonly<Record<string, GuestFile>> {
  for (const tool of ["attach", "answer"]) compileTool(tool, join(directory, tool));
  return {
    ...programFiles("ip"),
    "/bin/mqtap": { from: join(built, "mqtap") },
    "/bin/reference-tap": { from: join(built, "components/tap") },
    "/bin/static": { from: join(built, "components/static") },
    "/bin/attach": { from: join(directory, "attach") },
    "/bin/answer": { from: join(directory, "answer") },
  };
}

/** `cni VERB IFNAME CONFIGURATION [CNI_ARGS]`, `in_pod PROGRAM…`, `tap_files NAME FILE…`, `links`; `plugin` is what cni runs. */
export const podPrelude = `
plugin=mqtap
cni() {
  echo "$3" | CNI_COMMAND=$1 CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/pod CNI_IFNAME=$2 CNI_ARGS=$4 CNI_PATH=/bin $plugin
}
in_pod() { nsenter --net=/run/netns/pod "$@"; }
tap_files() { for file in $2; do /usr/bin/ip netns exec pod cat /sys/class/net/$1/$file; done; }
links() { /usr/bin/ip -n pod -o link | cut -d: -f2 | tr -d '\\n '; }
`;

/** The first step: the namespace, and /dev/net/tun for everybody as on every node. */
export const makePod = "/usr/bin/ip netns add pod && chmod 666 /dev/net/tun";
