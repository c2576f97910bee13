// The Kernel of Linux: namespaces by setns(2), links by rtnetlink, taps by the tun driver's ioctls.

import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { tunDevicePath } from "../tun/constants.ts";
import type { Kernel, NetworkNamespace } from "./kernel.ts";
import type { CreateTap } from "./linux-create-tap.ts";
import { type LinuxMeans, LinuxNamespace } from "./linux-namespace.ts";
import { ThreadNamespaces } from "./netns.ts";

/** How stat(2) says that there is no such file. */
const missing: readonly string[] = ["ENOENT", "ENODEV", "ENXIO", "ENOTDIR"];

const selinuxEnforcePath = "/sys/fs/selinux/enforce";
/** S_IFMT and S_IFCHR of linux/stat.h. */
const fileTypeMask = 0o170000;
const characterDevice = 0o020000;

export class LinuxKernel implements Kernel {
  readonly #syscalls: Syscalls;
  readonly #thread: ThreadNamespaces;
  readonly #means: LinuxMeans;

  /** Without `createTap` its namespaces make no taps. */
  constructor(syscalls: Syscalls, createTap?: CreateTap) {
    this.#syscalls = syscalls;
    this.#thread = new ThreadNamespaces(syscalls);
    this.#means = { syscalls, thread: this.#thread, createTap };
  }

  openNamespace(path: string): NetworkNamespace | undefined {
    const file = this.#thread.open(path);
    if (file === undefined) return undefined;
    try {
      return new LinuxNamespace(this.#means, file);
    } catch (error) {
      this.#syscalls.close(file.fd);
      // A namespace of another kind, or any other file of procfs.
      if (error instanceof SyscallError && error.syscall === "setns" && error.code === "EINVAL") return undefined;
      throw error;
    }
  }

  ownNamespaceIdentity(): string {
    return this.#thread.ownIdentity();
  }

  hostNamespaceIdentity(): string | undefined {
    return this.#thread.hostIdentity();
  }

  hasTunDevice(): boolean {
    try {
      return (this.#syscalls.stat(tunDevicePath).mode & fileTypeMask) === characterDevice;
    } catch (error) {
      // Any other error is the node's, and says nothing of the device.
      if (error instanceof SyscallError && missing.includes(error.code)) return false;
      throw error;
    }
  }

  isSelinuxEnforcing(): boolean {
    const fd = this.#syscalls.openIfThere(selinuxEnforcePath, 0);
    // No SELinux in this kernel, or it is switched off.
    if (fd === undefined) return false;
    try {
      return this.#syscalls.readToEnd(fd).trim() === "1";
    } finally {
      this.#syscalls.close(fd);
    }
  }
}
