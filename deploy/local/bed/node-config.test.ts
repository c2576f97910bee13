import assert from "node:assert/strict";
import { it } from "node:test";
import { defaultNetwork, kubeletConfig, multusNetwork } from "./node-config.ts";

it("defaultNetwork() has the bridge first, with the node's addresses, and the others behind it", () => {
  const { plugins } = defaultNetwork("10.244.3.0/24", [{ type: "mqtap", sizing: "vm" }]);
  assert.deepEqual(
    plugins.map(({ type }) => type),
    ["bridge", "mqtap"],
  );
  assert.match(JSON.stringify(plugins[0]), /"subnet":"10\.244\.3\.0\/24"/);
});

it("multusNetwork() has the default network in itself, not by its name or path", () => {
  const network = defaultNetwork("10.244.1.0/24", []);
  const multus = multusNetwork(network);
  assert.deepEqual(multus["delegates"], [network]);
  assert.equal(multus["clusterNetwork"], undefined);
});

it("kubeletConfig() never writes the machine's sysctls and works on both cgroup versions", () => {
  const config = JSON.parse(kubeletConfig());
  assert.equal(config.protectKernelDefaults, true);
  assert.equal(config.failCgroupV1, false);
});
