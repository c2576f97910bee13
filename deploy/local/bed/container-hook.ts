// What a node's containers see of the machine they are on is the node: an OCI hook lays the node's own boot id, and the
// node's sysctls where a container mounts those of its node, over what the kernel shows in every proc.
import { z } from "zod";
import { sysctlForContainers, sysctlMount } from "./node-init.ts";

/** Where the hook lies in a node. */
export const hookPath = "/bed/create-container";

/**
 * The hook: createContainer of the OCI runtime specification (config.md, POSIX-platform hooks): in the container's mount
 * namespace, before its root becomes the root. The container's state comes as JSON on stdin.
 */
export const containerHook = `#!/bin/sh
set -eu
bundle=$(sed -n 's/.*"bundle":"\\([^"]*\\)".*/\\1/p')
rootfs=$bundle/rootfs
shown=$rootfs/proc/sys/kernel/random/boot_id
[ ! -e "$shown" ] || mount --bind /proc/sys/kernel/random/boot_id "$shown"
awk -v rootfs="$rootfs/" '/ - tmpfs ${sysctlMount} / && index($5, rootfs) == 1 { print $5 }' /proc/self/mountinfo |
while read -r folder; do mount --rbind ${sysctlForContainers} "$folder"; done
`;

const specSchema = z.looseObject({ ociVersion: z.string() });

/** containerd's own default of a container, as `ctr oci spec` prints it, with the hook. @throws ZodError */
export function baseSpec(containerdDefault: string): string {
  const spec = specSchema.parse(JSON.parse(containerdDefault));
  return JSON.stringify({ ...spec, hooks: { createContainer: [{ path: hookPath }] } });
}
