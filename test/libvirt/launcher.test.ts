// The bed of these tests: who runs in a launcher's pod, and that nothing of it stays.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { Bed } from "../integration/bed.ts";
import { prepareContainer } from "./container.ts";
import { LauncherPod } from "./launcher-pod.ts";

it("a launcher's pod runs libvirt and QEMU as uid 107 without capabilities, and takes them along", async () => {
  await using bed = await Bed.open();
  await prepareContainer(bed);
  const pod = await LauncherPod.open(bed, "pod");
  let programs: readonly string[] = [];
  try {
    await pod.addTap("tap0", { queues: 2 });
    const nic = { network: "default", tap: "tap0", mac: "02:00:00:00:00:02", queues: 2 };
    await pod.launcher.define(pod.launcher.xmlOf({ name: "default_vm", vcpus: 2, nics: [nic] }));
    await pod.launcher.must("start", "--paused", "default_vm");
    programs = await programsIn(bed, "pod");
    assert.deepEqual(programs, [
      "busybox: root",
      "libvirtd: qemu without capabilities",
      "qemu-system-x86: qemu without capabilities",
      "sh: root",
      "unshare: root",
    ]);
  } finally {
    await pod[Symbol.asyncDispose]();
  }
  assert.deepEqual(await programsIn(bed, "pod"), []);
});

/** Those of its network namespace: the name of each, and who it is. */
async function programsIn(bed: Bed, namespace: string): Promise<readonly string[]> {
  const pids = (await bed.must("ip", "netns", "pids", namespace)).split("\n").filter((pid) => pid !== "");
  return pids.map(describeProcess).sort();
}

function describeProcess(pid: string): string {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const value = (key: string): string | undefined => new RegExp(`^${key}:\\t(.*)$`, "m").exec(status)?.[1];
  // real, effective, saved and file system's
  const isQemu = value("Uid") === "107\t107\t107\t107" && value("Gid") === "107\t107\t107\t107";
  const isWeak = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].every((set) => /^0+$/.test(value(set) ?? ""));
  const who = isQemu ? `qemu${isWeak ? " without capabilities" : ""}` : "root";
  return `${value("Name")}: ${who}`;
}
