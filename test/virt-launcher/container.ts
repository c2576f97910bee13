// What virt-launcher finds in its image and in the pod's volumes: libvirt's files, a virtqemud, folders of KubeVirt's user, and
// the kernel that the VM boots. All of it is in the bed's own mounts.

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { findKernel } from "../guest/kernel.ts";
import { programFiles } from "../guest/program-files.ts";
import { guestArchive } from "../guest/run-guest.ts";
import type { Bed } from "../integration/bed.ts";
import { prepareContainer } from "../libvirt/container.ts";

/** Where virt-launcher looks for a VM's own kernel (pkg/container-disk of KubeVirt v1.9.0). */
const kernelBoot = "/run/kubevirt/container-disks/kernel-boot";
/** Names in a VMI's kernelBoot. */
export const bootFiles = { kernelPath: "/kernel", initrdPath: "/initrd" };

/** Files of Debian's libvirt 9.0 where virt-launcher's image has those of a newer one: one daemon is all of its drivers. */
const files = {
  "/etc/libvirt/qemu.conf": 'stdio_handler = "logd"\nsecurity_driver = "none"\n',
  "/etc/libvirt/virtqemud.conf": 'log_outputs = "1:stderr"\n',
  "/etc/libvirt/virtlogd.conf": "",
  "/run/sbin/virtqemud":
    '#!/bin/sh\nln -sf libvirt-sock "$XDG_RUNTIME_DIR/libvirt/virtqemud-sock"\nexec libvirtd "$@"\n',
};

const folders = ["kubevirt/sockets", "kubevirt-private", "kubevirt-ephemeral-disks", "kubevirt-hooks", "libvirt"];

/** Makes the bed the inside of a launcher pod; once for each bed. */
export async function prepareLauncherContainer(bed: Bed): Promise<void> {
  await prepareContainer(bed);
  await bed.must("sh", "-ec", `mount -t tmpfs tmpfs /etc/libvirt && mkdir -p /run/sbin ${kernelBoot}`);
  for (const [path, text] of Object.entries(files)) bed.write(path, text);
  await bed.must("chmod", "755", "/run/sbin/virtqemud");
  await bed.must("mount", "-t", "overlay", "overlay", "-o", "lowerdir=/run/sbin:/usr/sbin", "/usr/sbin");
  for (const folder of folders) await bed.must("mkdir", "-p", `/run/${folder}`);
  await bed.must("chown", "-R", "107:107", ...["kubevirt", ...folders].map((folder) => `/run/${folder}`));
  const kernel = findKernel();
  const text = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
  const init = { text: text("init.sh"), mode: 0o755 };
  const modules = ["virtio_net", "virtio_pci"];
  const content = { kernel, modules, script: "", files: { ...programFiles("ethtool"), "/init": init } };
  copyFileSync(kernel.image, bed.path(kernelBoot + bootFiles.kernelPath));
  writeFileSync(bed.path(kernelBoot + bootFiles.initrdPath), guestArchive(content));
}
