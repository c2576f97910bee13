import { FakeKernel } from "../fakes/fake-kernel.ts";
import { kernelCases } from "./kernel.ts";
import { runCases } from "./run.ts";

runCases("FakeKernel", kernelCases, async () => {
  const kernel = new FakeKernel();
  const namespacePath = "/run/netns/pod";
  const namespace = kernel.addNamespace(namespacePath);
  namespace.addLink("bridge0", { kind: "bridge" });
  const world = {
    kernel,
    namespacePath,
    deadPaths: ["/run/netns/other", ""],
    attachQueues: namespace.attachQueues.bind(namespace),
  };
  return { world, dispose: async () => {} };
});
