// What holds for LinuxAddressing alone, as `ip` sees it: IPv6 addresses are usable at once and stay so, and a failed system call
// leaves nothing open and the thread where it was.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import type { Addressing, IpPrefix } from "../../cni/kernel/addressing.ts";
import type { NetworkNamespace, PendingTap } from "../../cni/kernel/kernel.ts";
import { LinuxKernel } from "../../cni/kernel/linux.ts";
import { openLinuxAddressing } from "../../cni/kernel/linux-addressing.ts";
import { createLinuxTap } from "../../cni/kernel/linux-create-tap.ts";
import { NamespaceStuckError } from "../../cni/kernel/netns.ts";
import { parseIpAddress, parseIpPrefix } from "../../cni/netlink/ip-text.ts";
import { koffiSyscalls } from "../../cni/sys/koffi.ts";
import { SyscallError, type Syscalls } from "../../cni/sys/syscalls.ts";
import { failAt, InterferedSyscalls } from "../faults/interfered-syscalls.ts";
import { enterForGood } from "./addressing-world.ts";
import { Namespaces } from "./bed.ts";
import { linuxWorld } from "./linux-world.ts";

const CLONE_NEWNET = 0x4000_0000;
const syscalls = koffiSyscalls();
const namespaces = new Namespaces();
let path: string;

before(async () => {
  enterForGood(syscalls, await namespaces.add());
  path = await namespaces.add();
});
after(() => namespaces[Symbol.asyncDispose]());

const ip = (...args: readonly string[]): string =>
  execFileSync("nsenter", [`--net=${path}`, "ip", ...args], { encoding: "utf8" });
const prefix = (text: string): IpPrefix => parseIpPrefix(text) ?? assert.fail(text);
const toEverywhere = (gateway: string) => ({
  destination: prefix(gateway.includes(":") ? "::/0" : "0.0.0.0/0"),
  gateway: parseIpAddress(gateway) ?? assert.fail(gateway),
  mtuBytes: 1400,
  advmss: undefined,
  priority: undefined,
  table: undefined,
  scope: undefined,
});

/** What `ip` says behind a link's global IPv6 addresses: "nodad", "tentative", "dadfailed"... */
function flagsOfIpv6(name: string): string {
  const line = ip("-6", "-o", "addr", "show", "dev", name, "scope", "global");
  return line.replace(/^.*scope global\s*/, "").replace(/\s*\\.*\n/, "");
}

function openNamespace(sys: Syscalls = syscalls): NetworkNamespace {
  return new LinuxKernel(sys, createLinuxTap).openNamespace(path) ?? assert.fail("no namespace");
}

describe("an IPv6 address of LinuxAddressing", () => {
  const text = "2001:db8::5/64";

  /** Runs `act` on a tap of its own and removes it afterwards. */
  function withTap(act: (bed: { tap: PendingTap; addressing: Addressing; index: number }) => void): void {
    using namespace = openNamespace();
    using tap = namespace.createTap("tap0", true);
    using addressing = openLinuxAddressing(syscalls, namespace);
    try {
      act({ tap, addressing, index: tap.link.index });
    } finally {
      namespace.deleteLink(tap.link.index);
    }
  }

  it("is usable at once on a tap that is up", () => {
    withTap(({ tap, addressing, index }) => {
      tap.perform({ kind: "setUp" });
      addressing.addAddress(index, prefix(text));
      assert.equal(flagsOfIpv6("tap0"), "nodad");
    });
  });

  it("is usable at once when the tap comes up later", () => {
    withTap(({ tap, addressing, index }) => {
      addressing.addAddress(index, prefix(text));
      tap.perform({ kind: "setUp" });
      assert.equal(flagsOfIpv6("tap0"), "nodad");
      assert.match(ip("-6", "route", "show", "dev", "tap0"), /^2001:db8::\/64 /m);
    });
  });

  it("is usable at once on a port of a bridge", () => {
    withTap(({ tap, addressing, index }) => {
      tap.perform({ kind: "setMaster", bridge: "bridge0" });
      tap.perform({ kind: "setUp" });
      addressing.addAddress(index, prefix(text));
      assert.equal(flagsOfIpv6("tap0"), "nodad");
    });
  });

  it("stays usable, with its routes, when the descriptor is closed and when a VM opens queues", () => {
    withTap(({ tap, addressing, index }) => {
      tap.perform({ kind: "setUp" });
      addressing.addAddress(index, prefix(text));
      addressing.addRoute(index, toEverywhere("2001:db8::1"));
      tap.perform({ kind: "persist" });
      tap[Symbol.dispose]();
      assert.match(ip("link", "show", "tap0"), /NO-CARRIER/);
      assert.equal(flagsOfIpv6("tap0"), "nodad");
      const routes = (): string => ip("-6", "route", "show", "dev", "tap0");
      assert.match(routes(), /^default via 2001:db8::1 metric 1024 linkdown mtu 1400 /m);
      using _queues = linuxWorld(syscalls, path).attachQueues("tap0", { isMultiQueue: true, count: 2 });
      assert.doesNotMatch(ip("link", "show", "tap0"), /NO-CARRIER/);
      assert.equal(flagsOfIpv6("tap0"), "nodad");
      assert.match(routes(), /^default via 2001:db8::1 metric 1024 mtu 1400 /m);
    });
  });

  it("is usable on a tap without carrier, where the usual one waits for ever", () => {
    withTap(({ tap, addressing, index }) => {
      tap.perform({ kind: "persist" });
      tap[Symbol.dispose]();
      ip("link", "set", "tap0", "up");
      ip("addr", "add", text, "dev", "tap0");
      assert.equal(flagsOfIpv6("tap0"), "tentative");
      ip("addr", "del", text, "dev", "tap0");
      addressing.addAddress(index, prefix(text));
      assert.equal(flagsOfIpv6("tap0"), "nodad");
    });
  });

  it("survives that the tap goes down, after enableIpv6()", () => {
    withTap(({ tap, addressing, index }) => {
      addressing.enableIpv6("tap0");
      tap.perform({ kind: "setUp" });
      addressing.addAddress(index, prefix(text));
      ip("link", "set", "tap0", "down");
      ip("link", "set", "tap0", "up");
      assert.equal(flagsOfIpv6("tap0"), "nodad");
    });
  });
});

describe("LinuxAddressing, when a system call fails", () => {
  /** Everything it can do, from opening to closing. What it leaves in the namespace goes with the tap. */
  function useAll(namespace: NetworkNamespace, sys: Syscalls, index: number): void {
    using addressing = openLinuxAddressing(sys, namespace);
    addressing.announceByArp("tap0");
    addressing.enableIpv6("tap0");
    for (const text of ["10.9.0.5/24", "2001:db8::5/64"]) addressing.addAddress(index, prefix(text));
    for (const gateway of ["10.9.0.1", "2001:db8::1"]) addressing.addRoute(index, toEverywhere(gateway));
    addressing.addresses(index);
    addressing.routes(index);
  }

  /** Uses all of it on a tap of its own; `interfere` begins with the opening. Gives what was thrown. */
  function attempt(interfere: ConstructorParameters<typeof InterferedSyscalls>[1]): {
    readonly thrown: unknown;
    readonly steps: InterferedSyscalls["steps"];
  } {
    using outside = openNamespace();
    using tap = outside.createTap("tap0", false);
    tap.perform({ kind: "setUp" });
    ip("link", "set", "lo", "down");
    execFileSync("nsenter", [`--net=${path}`, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/tap0/disable_ipv6"]);
    const sys = new InterferedSyscalls(syscalls, (step, at) => begun !== undefined && interfere?.(step, at - begun));
    let begun: number | undefined;
    let thrown: unknown;
    {
      using namespace = openNamespace(sys);
      begun = sys.steps.length;
      try {
        useAll(namespace, sys, tap.link.index);
      } catch (error) {
        thrown = error;
      }
      interfere = undefined;
    }
    // A process whose thread cannot come back has to end, and its descriptors with it.
    if (!(thrown instanceof NamespaceStuckError)) assert.deepEqual(sys.stillOpen, []);
    return { thrown, steps: sys.steps.slice(begun) };
  }

  it("throws what the kernel says, and leaves nothing open, at every call", () => {
    const own = syscalls.open("/proc/thread-self/ns/net", 0);
    const identity = new LinuxKernel(syscalls).ownNamespaceIdentity();
    const { thrown: nothing, steps } = attempt(undefined);
    assert.equal(nothing, undefined);
    assert.ok(steps.length > 40, `${steps.length} calls`);
    let returns = 0;
    for (const [at, { call, about }] of steps.entries()) {
      if (call === "close") continue;
      const { thrown } = attempt(failAt(at, "ENOMEM"));
      const what = `${call} of "${about}", call ${at}`;
      if (thrown instanceof NamespaceStuckError) {
        returns += 1;
        syscalls.setns(own, CLONE_NEWNET);
      } else {
        assert.ok(thrown instanceof SyscallError && thrown.code === "ENOMEM", `${what}: ${thrown}`);
      }
      assert.equal(new LinuxKernel(syscalls).ownNamespaceIdentity(), identity, what);
    }
    syscalls.close(own);
    // Once for the socket, and once for each of the two methods that go inside.
    assert.equal(returns, 3);
  });

  it("goes on where a call was interrupted by a signal, and where arp_notify is read-only", () => {
    const { steps } = attempt(undefined);
    for (const [at, { call, about }] of steps.entries()) {
      const isNetlink = (call === "send" || call === "recv") && about === "netlink";
      if (isNetlink) assert.equal(attempt(failAt(at, "EINTR")).thrown, undefined);
      for (const code of about.endsWith("arp_notify") && call !== "close" ? ["EROFS", "EACCES", "EPERM"] : []) {
        assert.equal(attempt(failAt(at, code)).thrown, undefined);
      }
      if (about.endsWith("disable_ipv6") && call === "write") {
        assert.match(String(attempt(failAt(at, "EROFS")).thrown), /disable_ipv6.*EROFS/);
      }
    }
  });
});
