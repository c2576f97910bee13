// The link editor's cases on what Node.js can run: the fake, and Linux over koffi. native.test.ts has the binary's host.

import { koffiSyscalls } from "../../cni/sys/koffi.ts";
import { FakeKernel } from "../fakes/fake-kernel.ts";
import { Namespaces } from "./bed.ts";
import { linkEditorCases, linuxLinkEditorWorld } from "./link-editor.ts";
import { runCases } from "./run.ts";

runCases("FakeKernel's link editor", linkEditorCases, async () => {
  const kernel = new FakeKernel();
  const namespacePath = "/run/netns/pod";
  const namespace = kernel.addNamespace(namespacePath);
  const world = {
    kernel,
    namespacePath,
    deadPaths: [],
    attachQueues: namespace.attachQueues.bind(namespace),
    openLinkEditor: kernel.openLinkEditor.bind(kernel),
  };
  return { world, dispose: async () => {} };
});

const syscalls = koffiSyscalls();
runCases("Linux' link editor over koffi", linkEditorCases, async () => {
  const namespaces = new Namespaces();
  const world = linuxLinkEditorWorld(syscalls, await namespaces.add());
  return { world, dispose: () => namespaces[Symbol.asyncDispose]() };
});
