// What every Kernel does. The same cases run on FakeKernel and, in namespaces made for them, on LinuxKernel over both
// Syscalls adapters; so what is tested on the fake holds for Linux.

import type { PendingTap, TapOperation } from "../../cni/kernel/kernel.ts";
import { SyscallError } from "../../cni/sys/syscalls.ts";
import { type Cases, failsWith, isEqual, isThere, isTrue, thrownBy } from "./expect.ts";
import { queueCases } from "./kernel-queues.ts";
import { type KernelWorld, open, persistent } from "./kernel-world.ts";

function perform(tap: PendingTap, ...operations: readonly TapOperation[]): void {
  for (const operation of operations) tap.perform(operation);
}

function isUnicast(mac: string): boolean {
  return /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/.test(mac) && mac !== "00:00:00:00:00:00";
}

const namespaces: Cases<KernelWorld> = {
  "openNamespace() gives nothing where there is no network namespace": ({ kernel, deadPaths }) => {
    for (const path of deadPaths) isEqual(kernel.openNamespace(path), undefined);
  },
  "identity is the same for the same namespace, and not the own one": (world) => {
    using first = open(world);
    using second = open(world);
    isEqual(first.identity, second.identity);
    isTrue(first.identity !== world.kernel.ownNamespaceIdentity(), "another namespace than the own one");
  },
  "hostNamespaceIdentity() is no pod's": (world) => {
    using pod = open(world);
    isTrue(world.kernel.hostNamespaceIdentity() !== pod.identity, "another namespace than the pod's");
  },
  "ownNamespaceIdentity() stays what it was, also after a failure inside": (world) => {
    const before = world.kernel.ownNamespaceIdentity();
    using namespace = open(world);
    failsWith("EBUSY", () => namespace.createTap("lo", true));
    using tap = namespace.createTap("tap0", true);
    isEqual(tap.link.name, "tap0");
    isEqual(world.kernel.ownNamespaceIdentity(), before);
  },
  "a namespace is of no use after its disposal, and may be disposed of twice": (world) => {
    const namespace = open(world);
    namespace[Symbol.dispose]();
    namespace[Symbol.dispose]();
    for (const use of [
      () => namespace.links(),
      () => namespace.findLink("lo"),
      () => namespace.createTap("tap0", true),
      () => namespace.deleteLink(1),
    ]) {
      isTrue(String(thrownBy(use)).includes("disposal"), "an error that names the disposal");
    }
  },
  "hasTunDevice() and isSelinuxEnforcing() answer": ({ kernel }) => {
    isEqual(kernel.hasTunDevice(), true);
    isEqual(typeof kernel.isSelinuxEnforcing(), "boolean");
  },
};

const links: Cases<KernelWorld> = {
  "links() shows what a namespace holds": (world) => {
    using namespace = open(world);
    const [lo, bridge, ...others] = namespace.links();
    isEqual([lo?.name, lo?.index, lo?.kind, lo?.mtuBytes, lo?.tap], ["lo", 1, undefined, 65_536, undefined]);
    isEqual([bridge?.name, bridge?.kind, bridge?.isUp, bridge?.tap], ["bridge0", "bridge", false, undefined]);
    isEqual(others, []);
  },
  "links() tells many taps apart, more than one answer of the kernel holds": (world) => {
    using namespace = open(world);
    const made = Array.from({ length: 40 }, (_, index) => persistent(namespace, `many${index}`, index % 2 === 0));
    const found = new Map(namespace.links().map((link) => [link.name, link]));
    isEqual(found.size, made.length + 2);
    for (const [index, { name }] of made.entries()) isEqual(found.get(name)?.tap?.isMultiQueue, index % 2 === 0);
  },
  "links() and findLink() say the same": (world) => {
    using namespace = open(world);
    persistent(namespace, "tap0", true);
    for (const link of namespace.links()) isEqual(namespace.findLink(link.name), link);
  },
  "findLink() gives nothing for a name that is not there": (world) => {
    using namespace = open(world);
    for (const name of ["tap0", "LO", "lo ", ""]) isEqual(namespace.findLink(name), undefined);
  },
  "findLink() gives nothing for a name that no link can have": (world) => {
    using namespace = open(world);
    for (const name of ["x".repeat(16), "x".repeat(100_000), "a/b", "a%d", "\ud800"]) {
      isEqual(namespace.findLink(name), undefined);
    }
  },
  "deleteLink() removes a link, and an absent one is no error": (world) => {
    using namespace = open(world);
    const { index } = persistent(namespace, "tap0", true);
    namespace.deleteLink(index);
    isEqual(namespace.findLink("tap0"), undefined);
    namespace.deleteLink(index);
    namespace.deleteLink(12_345);
  },
  "deleteLink() fails on what cannot be deleted": (world) => {
    using namespace = open(world);
    failsWith("EOPNOTSUPP", () => namespace.deleteLink(1));
    isEqual(namespace.findLink("lo")?.index, 1);
  },
};

const taps: Cases<KernelWorld> = {
  "createTap() makes a multiqueue tap with one queue and nothing else set": (world) => {
    using namespace = open(world);
    using tap = namespace.createTap("tap0", true);
    const { index, mac, qdisc, ...rest } = tap.link;
    isTrue(index > 2, "a new index");
    isTrue(isUnicast(mac), "a unicast MAC");
    isEqual(qdisc, "noop");
    isEqual(rest, {
      name: "tap0",
      kind: "tun",
      mtuBytes: 1500,
      isUp: false,
      hasCarrier: true,
      txQueueLength: 1000,
      alias: undefined,
      master: undefined,
      tap: {
        isTap: true,
        isMultiQueue: true,
        isPersistent: false,
        owner: undefined,
        group: undefined,
        queues: 1,
        disabledQueues: 0,
      },
    });
    isEqual(namespace.findLink("tap0"), tap.link);
  },
  "createTap() makes a single-queue tap, which does not count its queues": (world) => {
    using namespace = open(world);
    using tap = namespace.createTap("tap0", false);
    isEqual(tap.link.tap?.isMultiQueue, false);
    isEqual([tap.link.tap?.queues, tap.link.tap?.disabledQueues], [undefined, undefined]);
  },
  "createTap() takes names of 15 bytes, also when they are no ASCII": (world) => {
    using namespace = open(world);
    for (const name of ["x".repeat(15), "täp-ö"]) {
      using tap = namespace.createTap(name, true);
      isEqual(tap.link.name, name);
      isEqual(namespace.findLink(name)?.name, name);
    }
  },
  "createTap() fails with EBUSY on any link of that name and leaves it as it was": (world) => {
    using namespace = open(world);
    persistent(namespace, "tap0", true);
    const before = namespace.links();
    for (const name of ["tap0", "lo", "bridge0"]) {
      for (const isMultiQueue of [true, false]) failsWith("EBUSY", () => namespace.createTap(name, isMultiQueue));
    }
    isEqual(namespace.links(), before);
  },
  "createTap() fails with EINVAL on a name that no link can have, and makes nothing": (world) => {
    using namespace = open(world);
    for (const name of ["", ".", "..", "a%d", "a/b", "a:b", "a b", "x".repeat(16)]) {
      failsWith("EINVAL", () => namespace.createTap(name, true));
    }
    isEqual(namespace.links().length, 2);
  },
  "createTap() with a label that the kernel does not take makes nothing": (world) => {
    using namespace = open(world);
    const error = thrownBy(() => namespace.createTap("tap0", true, "nobody_u:nobody_r:nobody_t:s0"));
    isTrue(error instanceof SyscallError && error.syscall === "setexeccon", "an error of setexeccon");
    isEqual(namespace.links().length, 2);
  },
  "a tap goes with its maker unless it was made persistent": (world) => {
    using namespace = open(world);
    for (const isMultiQueue of [true, false]) {
      {
        using tap = namespace.createTap("tap0", isMultiQueue);
        perform(tap, { kind: "setAlias", alias: "a" }, { kind: "setQdisc", qdisc: "noqueue" }, { kind: "setUp" });
      }
      isEqual(namespace.findLink("tap0"), undefined);
    }
  },
  "a persistent tap stays, without queues": (world) => {
    using namespace = open(world);
    persistent(namespace, "tap0", true);
    persistent(namespace, "tap1", false);
    const [many, one] = [namespace.findLink("tap0")?.tap, namespace.findLink("tap1")?.tap];
    isEqual([many?.isPersistent, many?.queues, many?.disabledQueues], [true, 0, 0]);
    isEqual([one?.isPersistent, one?.queues, one?.disabledQueues], [true, undefined, undefined]);
  },
  "perform() sets everything that it is asked to": (world) => {
    using namespace = open(world);
    for (const isMultiQueue of [true, false]) {
      const name = isMultiQueue ? "tap0" : "tap1";
      using tap = namespace.createTap(name, isMultiQueue);
      perform(
        tap,
        { kind: "setOwner", uid: 107 },
        { kind: "setGroup", gid: 0xffff_fffe },
        { kind: "setMac", mac: "02:AB:00:00:00:FF" },
        { kind: "setMtu", mtuBytes: 9000 },
        { kind: "setAlias", alias: "größer / 100 %" },
        { kind: "setQdisc", qdisc: "noqueue" },
        { kind: "setMaster", bridge: "bridge0" },
        { kind: "setUp" },
        { kind: "persist" },
      );
      const link = isThere(namespace.findLink(name));
      isEqual([link.mac, link.mtuBytes, link.alias], ["02:ab:00:00:00:ff", 9000, "größer / 100 %"]);
      isEqual([link.qdisc, link.isUp, link.master], ["noqueue", true, namespace.findLink("bridge0")?.index]);
      isEqual([link.tap?.owner, link.tap?.group, link.tap?.isPersistent], [107, 0xffff_fffe, true]);
    }
  },
  "perform() keeps owner 0 apart from no owner": (world) => {
    using namespace = open(world);
    using tap = namespace.createTap("tap0", true);
    perform(tap, { kind: "setOwner", uid: 0 });
    const found = namespace.findLink("tap0")?.tap;
    isEqual([found?.owner, found?.group], [0, undefined]);
  },
  "setUp alone gives a multiqueue tap the costly qdisc": (world) => {
    using namespace = open(world);
    using tap = namespace.createTap("tap0", true);
    perform(tap, { kind: "setUp" });
    isEqual(namespace.findLink("tap0")?.qdisc, "mq");
  },
  "perform() fails on values that the kernel refuses, and the tap stays pending": (world) => {
    using namespace = open(world);
    {
      using tap = namespace.createTap("tap0", true);
      for (const mac of ["01:00:5e:00:00:01", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"]) {
        failsWith("EADDRNOTAVAIL", () => tap.perform({ kind: "setMac", mac }));
      }
      for (const mtuBytes of [0, 67, 65_522, 1_000_000]) {
        failsWith("EINVAL", () => tap.perform({ kind: "setMtu", mtuBytes }));
      }
      failsWith("ENODEV", () => tap.perform({ kind: "setMaster", bridge: "bridge1" }));
      failsWith("EOPNOTSUPP", () => tap.perform({ kind: "setMaster", bridge: "lo" }));
      isEqual(namespace.findLink("tap0"), tap.link);
    }
    isEqual(namespace.findLink("tap0"), undefined);
  },
  "perform() fails when somebody deleted the tap": (world) => {
    using namespace = open(world);
    using tap = namespace.createTap("tap0", true);
    namespace.deleteLink(tap.link.index);
    failsWith("ENODEV", () => tap.perform({ kind: "setMtu", mtuBytes: 1400 }));
    failsWith("ENODEV", () => tap.perform({ kind: "setUp" }));
    failsWith("EBADFD", () => tap.perform({ kind: "setOwner", uid: 1 }));
    failsWith("EBADFD", () => tap.perform({ kind: "persist" }));
  },
};

export const kernelCases: Cases<KernelWorld> = { ...namespaces, ...links, ...taps, ...queueCases };
