// The addressing cases on what Node.js can run: the fake, and Linux over koffi. native.test.ts has the binary's host.

import { after, before } from "node:test";
import { koffiSyscalls } from "../../cni/sys/koffi.ts";
import { FakeKernel } from "../fakes/fake-kernel.ts";
import { addressingCases } from "./addressing.ts";
import { enterForGood, linuxAddressingWorld } from "./addressing-world.ts";
import { Namespaces } from "./bed.ts";
import { runCases } from "./run.ts";

runCases("FakeAddressing", addressingCases, async () => {
  const kernel = new FakeKernel();
  const namespacePath = "/run/netns/pod";
  const namespace = kernel.addNamespace(namespacePath);
  namespace.addLink("bridge0", { kind: "bridge" });
  const world = {
    kernel,
    namespacePath,
    deadPaths: [],
    attachQueues: namespace.attachQueues.bind(namespace),
    openAddressing: kernel.openAddressing.bind(kernel),
    switchIpv6Off: (link: string): void => {
      for (const name of ["lo", link]) namespace.ip.withoutIpv6.add(name);
    },
    isIpv6Off: (link: string): boolean => namespace.ip.withoutIpv6.has(link),
    isAnnounced: (link: string): boolean => namespace.ip.announced.has(link),
  };
  return { world, dispose: async () => {} };
});

const syscalls = koffiSyscalls();
const home = new Namespaces();
before(async () => enterForGood(syscalls, await home.add()));
after(() => home[Symbol.asyncDispose]());

runCases("LinuxAddressing over koffi", addressingCases, async () => {
  const namespaces = new Namespaces();
  const world = linuxAddressingWorld(syscalls, await namespaces.add());
  return { world, dispose: () => namespaces[Symbol.asyncDispose]() };
});
