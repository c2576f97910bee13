// Runs a shell script as root of a machine of its own: another kernel, booted by QEMU in about 3 s without KVM. Everything
// the guest has comes from an archive in memory; nothing of the host is shared, and nothing stays.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type CpioFile, writeCpio } from "./cpio.ts";
import { type GuestKernel, modulesInOrder } from "./kernel.ts";
import { programFiles } from "./program-files.ts";

/** A file of the host with its permissions, or a text. */
export type GuestFile = { readonly from: string } | { readonly text: string; readonly mode?: number };

export interface Guest {
  readonly kernel: GuestKernel;
  /** For busybox' sh, with busybox' tools, /proc, /sys, /dev and an empty /run. */
  readonly script: string;
  /** By absolute path in the guest. */
  readonly files?: Readonly<Record<string, GuestFile>>;
  /** Names of kernel modules to load before the script runs; what they need is loaded first. */
  readonly modules?: readonly string[];
  readonly timeoutMs?: number;
  readonly memoryMb?: number;
  readonly cpus?: number;
  /** More for the kernel's command line. */
  readonly append?: string;
  /** More arguments for QEMU: devices, their back ends. */
  readonly devices?: readonly string[];
}

export interface GuestRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the kernel said. */
  readonly console: string;
}

/** What a guest's serial ports tell: the kernel, then the script and how it ended. */
export const serialPorts = ["console", "stdout", "stderr", "status"] as const;

type GuestContent = Pick<Guest, "kernel" | "script" | "files" | "modules">;

/** The first file system: /init, which runs /script, and everything else that the guest has. */
export function guestArchive(content: GuestContent): Uint8Array {
  return writeCpio(filesOf(content));
}

/** @throws when the guest does not boot, does not end in time or cannot say how the script ended. */
export async function runGuest(guest: Guest): Promise<GuestRun> {
  const directory = mkdtempSync(join(tmpdir(), "mqtap-guest-"));
  try {
    writeFileSync(join(directory, "initrd"), guestArchive(guest));
    const ended = await runQemu(
      [
        ...["-accel", "tcg", "-cpu", "max", "-smp", `${guest.cpus ?? 1}`, "-m", `${guest.memoryMb ?? 256}`],
        ...["-nodefaults", "-display", "none", "-no-reboot", "-kernel", guest.kernel.image],
        ...["-initrd", join(directory, "initrd"), "-append", `console=ttyS0 quiet panic=-1 ${guest.append ?? ""}`],
        ...serialPorts.flatMap((name) => ["-serial", `file:${join(directory, name)}`]),
        ...(guest.devices ?? []),
      ],
      guest.timeoutMs ?? 180_000,
    );
    const [console, stdout, stderr, status] = serialPorts.map((name) => readWritten(join(directory, name)));
    if (ended !== undefined || !/^\d+\n$/.test(status ?? "")) {
      const said = `${console}${stdout}${stderr}`.split("\n").slice(-60).join("\n");
      throw new Error(`cannot run a script in a guest: ${ended ?? "it ended without a status"}:\n${said}`);
    }
    return { status: Number(status), stdout: stdout ?? "", stderr: stderr ?? "", console: console ?? "" };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function filesOf({ kernel, script, files = {}, modules = [] }: GuestContent): Readonly<Record<string, CpioFile>> {
  const loaded = modulesInOrder(kernel, modules);
  const all: Readonly<Record<string, GuestFile>> = {
    ...programFiles("busybox", "/bin"),
    "/init": { text: readFileSync(new URL("init.sh", import.meta.url), "utf8"), mode: 0o755 },
    "/script": { text: script },
    "/modules/order": { text: loaded.map((file) => basename(file)).join("\n") },
    ...Object.fromEntries(loaded.map((file) => [`/modules/${basename(file)}`, { from: file }])),
    ...files,
  };
  return Object.fromEntries(Object.entries(all).map(([path, file]) => [path, readGuestFile(file)]));
}

function readGuestFile(file: GuestFile): CpioFile {
  if ("text" in file) return { mode: file.mode ?? 0o644, content: Buffer.from(file.text) };
  return { mode: statSync(file.from).mode & 0o7777, content: readFileSync(file.from) };
}

/** Undefined when it ended well, else why not. QEMU dies with us. */
async function runQemu(args: readonly string[], timeoutMs: number): Promise<string | undefined> {
  const qemu = spawn("setpriv", ["--pdeathsig", "KILL", "--", "qemu-system-x86_64", ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  qemu.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    qemu.kill("SIGKILL");
  }, timeoutMs);
  const [status, signal] = await once(qemu, "close").finally(() => clearTimeout(timer));
  if (isLate) return `it had not ended after ${timeoutMs} ms`;
  return status === 0 ? undefined : `QEMU ended with ${status ?? signal}: ${stderr}`;
}

/** QEMU makes the file when it starts; it may not have come so far. */
function readWritten(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
