// What a launcher's container has: a user qemu with uid 107, and a /dev of its own with neither KVM nor vhost, whose
// /dev/net/tun belongs to that user. And programs that run in a pod's network namespace and end with the test.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { readProcFile } from "../../deploy/local/setup/proc.mjs";
import { findKernel } from "../guest/kernel.ts";
import { programFiles } from "../guest/program-files.ts";
import { guestArchive } from "../guest/run-guest.ts";
import type { Bed } from "../integration/bed.ts";

/** Where a launcher can be: a bed, or a node of a cluster. */
export type Place = Pick<Bed, "path" | "run" | "must" | "write">;

/** Everything of QEMU's user lies here. */
export const home = "/run/launcher";

/** What every domain boots. */
export const bootFiles = { kernel: `${home}/kernel`, initrd: `${home}/initrd` };

const setUp = [
  // uid 107 may be somebody else's on this machine
  "for file in passwd group; do grep -v ':x:107:' /etc/$file >/run/$file; done",
  `echo 'qemu:x:107:107::${home}:/bin/false' >>/run/passwd && echo 'qemu:x:107:' >>/run/group`,
  "for file in passwd group; do mount --bind /run/$file /etc/$file; done",
  "mkdir /run/dev && mount -t tmpfs -o mode=755 tmpfs /run/dev && cd /run/dev && mkdir net pts shm && chmod 1777 shm",
  "for file in null zero full random urandom tty; do touch $file && mount --bind /dev/$file $file; done",
  "mount --bind /dev/pts pts && ln -s pts/ptmx ptmx",
  // the numbers of Documentation/networking/tuntap.rst; virt-handler gives the file to QEMU's user
  "mknod -m 660 net/tun c 10 200 && chown 107:107 net/tun",
  "cd / && mount --move /run/dev /dev",
  `mkdir -m 755 ${home}`,
].join(" && ");

/** Makes the place look like the inside of a launcher's container, with what guests boot and run; once for each. */
export async function prepareContainer(place: Place, guestScript = "guest.sh"): Promise<void> {
  await place.must("sh", "-c", setUp);
  const kernel = findKernel();
  const script = readFileSync(new URL(guestScript, import.meta.url), "utf8");
  const modules = ["virtio_net", "virtio_pci"];
  copyFileSync(kernel.image, place.path(bootFiles.kernel));
  writeFileSync(
    place.path(bootFiles.initrd),
    guestArchive({ kernel, modules, script, files: programFiles("ethtool") }),
  );
}

/** Starts a program in a pod's network namespace that ends with us. */
export function spawnInPod(
  place: Place,
  { namespace, argv, env = {} }: { namespace: string; argv: readonly string[]; env?: NodeJS.ProcessEnv },
): ChildProcess {
  const ns = `${dirname(place.path(""))}/ns`;
  const enter = ["nsenter", `--mount=${ns}/mnt`, `--net=${ns}/net`, "ip", "netns", "exec", namespace];
  return spawn("setpriv", ["--pdeathsig", "KILL", "--", ...enter, ...argv], {
    stdio: ["ignore", "ignore", "inherit"],
    // by the last one the runner of the tests knows what is left of a test
    env: { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin`, ...env, MQTAP_TEST_OF: tmpdir() },
  });
}

/** Waits for the end of a process that may have ended; kills it, or another one that it waits for. */
export async function endProcess(
  child: ChildProcess,
  { pid = child.pid, signal = "SIGKILL" }: { readonly pid?: number | undefined; readonly signal?: NodeJS.Signals } = {},
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || pid === undefined) return;
  const ended = once(child, "exit");
  process.kill(pid, signal);
  await ended;
}

/** The pid of a process's first child; undefined when it has none, or has ended. */
export function firstChild({ pid }: ChildProcess): number | undefined {
  const children = readProcFile(pid, `task/${pid}/children`).trim();
  return children === "" ? undefined : Number(children);
}
