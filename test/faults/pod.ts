// The pod of these tests: its network namespace, a second name by which one can look into it when the first is gone, and the
// ways in which it goes.

import { run } from "./pod-host.ts";

export const netns = "/run/netns/pod";
export const heldNetns = "/run/held/pod";

/** Gives the pod its second name. */
export function holdPod(): void {
  run("sh", "-c", `mkdir -p /run/held && touch ${heldNetns} && mount --bind ${netns} ${heldNetns}`);
}

export function removePod(): void {
  run("sh", "-c", `umount -l ${heldNetns}; umount -lq ${netns} 2>/dev/null; rm -f ${heldNetns} ${netns}`);
}

/** What becomes of the namespace's file while the plugin works. */
export const disappearances: Readonly<Record<string, string>> = {
  "the file is removed": `umount -l ${netns}; rm ${netns}`,
  "a plain file is left": `umount -l ${netns}`,
  "another namespace takes its place": `umount -l ${netns}; rm ${netns}; ip netns add pod`,
};
