// setns(2) moves the thread that runs the tests; the kernel cases prove that it always comes back.

import { koffiSyscalls } from "../../cni/sys/koffi.ts";
import { makeSyscallsBed, Namespaces } from "./bed.ts";
import { inNamespace } from "./in-namespace.ts";
import { kernelCases } from "./kernel.ts";
import { linuxWorld } from "./linux-world.ts";
import { runCases } from "./run.ts";
import { syscallsCases } from "./syscalls.ts";

const syscalls = koffiSyscalls();

runCases("LinuxKernel over koffi", kernelCases, async () => {
  const namespaces = new Namespaces();
  const world = linuxWorld(syscalls, await namespaces.add());
  return { world, dispose: () => namespaces[Symbol.asyncDispose]() };
});

runCases("koffi's system calls", inNamespace(syscallsCases), async () => {
  const namespaces = new Namespaces();
  const namespacePath = await namespaces.add();
  const bed = await makeSyscallsBed();
  const dispose = async (): Promise<void> => {
    await bed.dispose();
    await namespaces[Symbol.asyncDispose]();
  };
  return { world: { syscalls, directory: bed.directory, namespacePath }, dispose };
});
