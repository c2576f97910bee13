// The plugin run in this process on the real kernel, so that every one of its system calls can be interfered with. Runs inside
// a bed of test/integration, where the pods' namespaces are.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dispatch } from "../../cni/dispatch.ts";
import type { Link } from "../../cni/kernel/kernel.ts";
import { LinuxKernel } from "../../cni/kernel/linux.ts";
import { openLinuxAddressing } from "../../cni/kernel/linux-addressing.ts";
import { createLinuxTap } from "../../cni/kernel/linux-create-tap.ts";
import { recordEvent } from "../../cni/log-event.ts";
import { koffiSyscalls } from "../../cni/sys/koffi.ts";
import { verbs } from "../../cni/verbs.ts";
import { InterferedSyscalls, type Interference, type Step } from "./interfered-syscalls.ts";
import { installScriptedIpam, scriptedIpamDirectory } from "./scripted-ipam.ts";

export interface HostedCall {
  readonly command: string;
  readonly netns: string;
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly args?: string;
}

/** What a call came to. */
export interface Performed {
  readonly exitStatus: number;
  readonly stdout: string;
  readonly logged: readonly string[];
  readonly steps: readonly Step[];
  /** Descriptors that the call opened and did not close. */
  readonly stillOpen: readonly string[];
}

/** A tap; `rest` is what two taps made alike have in common. */
export interface SeenTap {
  readonly name: string;
  readonly mac: string;
  readonly index: number;
  readonly isWhole: boolean;
  readonly rest: unknown;
}

const CLONE_NEWNET = 0x4000_0000;
const ownPath = "/proc/thread-self/ns/net";

export class PodHost {
  readonly #syscalls = koffiSyscalls();
  readonly #own = this.#syscalls.open(ownPath, 0);

  constructor() {
    installScriptedIpam();
  }

  call(call: HostedCall, interfere?: Interference): Performed {
    const sys = new InterferedSyscalls(this.#syscalls, interfere);
    const logged: string[] = [];
    const variables = {
      CNI_COMMAND: call.command,
      CNI_CONTAINERID: "c1",
      CNI_NETNS: call.netns,
      CNI_IFNAME: "eth0",
      CNI_ARGS: call.args ?? "",
      CNI_PATH: scriptedIpamDirectory,
    };
    const { exitStatus, stdout } = dispatch({
      verbs,
      variables,
      readStdin: () => JSON.stringify({ cniVersion: "1.1.0", name: "net", type: "mqtap", ...call.conf }),
      kernel: new LinuxKernel(sys, createLinuxTap),
      openAddressing: (namespace) => openLinuxAddressing(sys, namespace),
      sys,
      log: (level, message, more) => {
        logged.push(`${level}: ${message}`);
        recordEvent({ sys, variables }, { level, message, more });
      },
      recordFailure: ({ code, message, details }) => {
        recordEvent({ sys, variables }, { level: "error", message, more: { code, details } });
      },
    });
    // A plugin that cannot come back ends there; this process goes on.
    this.#syscalls.setns(this.#own, CLONE_NEWNET);
    return { exitStatus, stdout, logged, steps: sys.steps, stillOpen: sys.stillOpen };
  }

  /** What the IPAM plugin has reserved in the network of {@link call}. */
  reservedAddresses(): readonly string[] {
    const directory = "/var/lib/cni/networks/net";
    return existsSync(directory) ? readdirSync(directory).filter((name) => /^[0-9a-f.:]+$/.test(name)) : [];
  }

  /** All taps of the namespaces at these paths; one at two paths counts once, a path without namespace not at all. */
  tapsOf(paths: readonly string[]): readonly SeenTap[] {
    const seen = new Set<string>();
    return paths.flatMap((path) => {
      using namespace = new LinuxKernel(this.#syscalls).openNamespace(path);
      if (namespace === undefined || seen.has(namespace.identity)) return [];
      seen.add(namespace.identity);
      return namespace.links().flatMap(toSeenTap);
    });
  }
}

function toSeenTap(link: Link): readonly SeenTap[] {
  if (link.tap === undefined) return [];
  const { index, name, mac, ...rest } = link;
  return [{ index, name, mac, isWhole: link.tap.isPersistent && link.isUp && link.alias !== undefined, rest }];
}

/** Runs a program that must succeed. */
export function run(program: string, ...argv: readonly string[]): void {
  execFileSync(program, argv, { stdio: ["ignore", "ignore", "inherit"] });
}
