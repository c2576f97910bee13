import assert from "node:assert/strict";
import { test } from "node:test";
import { chainedNetwork, podInterface, tapOf } from "./networks.ts";
import { launcherPod, vcpusOf, virtualMachineInstance } from "./virtual-machine.ts";

test("podInterface() and tapOf() give the names that KubeVirt gives", () => {
  assert.equal(podInterface("default", 0), "eth0");
  assert.equal(tapOf("eth0"), "tap0");
  assert.equal(podInterface("blue", 1), "pod16477688c0e");
  assert.equal(tapOf("pod16477688c0e"), "tap16477688c0e");
});

test("chainedNetwork() puts mqtap behind the plugin that makes the pod's interface", () => {
  const { name, plugins } = chainedNetwork("blue", 7);
  assert.equal(name, "blue");
  assert.deepEqual(
    plugins.map(({ type }) => type),
    ["ptp", "mqtap"],
  );
});

test("launcherPod() is owned by the VMI and runs the hook only when the VM has it", () => {
  const vm = { name: "web", node: "node-1", cpu: { sockets: 2, cores: 4 }, networks: ["default"], hasHook: true };
  assert.equal(vcpusOf(vm), 8);
  const images = (hasHook: boolean): readonly string[] => {
    const { spec } = launcherPod({ ...vm, hasHook }, "uid-1", "abcde");
    return (spec as { containers: { image: string }[] }).containers.map(({ image }) => image);
  };
  assert.ok(images(true).some((image) => image.includes("mqtap-hook")));
  assert.ok(!images(false).some((image) => image.includes("mqtap-hook")));
  assert.equal(launcherPod(vm, "uid-1", "abcde").metadata.name, "virt-launcher-web-abcde");
  assert.equal(virtualMachineInstance(vm).kind, "VirtualMachineInstance");
});
