import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cnitoolEnvironment, containerIdOf } from "./cnitool.ts";

const attachment = {
  network: "blue",
  netns: "/run/netns/t1",
  ifName: "eth0",
  pod: { namespace: "default", name: "virt-launcher-a-x7k2p", uid: "6f1c" },
};

describe("cnitoolEnvironment()", () => {
  it("names the pod as containerd does", () => {
    const env = cnitoolEnvironment({ pluginDirectories: ["/a", "/b"], configDirectory: "/c" }, attachment);
    assert.deepEqual(env, {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      CNI_PATH: "/a:/b",
      NETCONFPATH: "/c",
      CNI_IFNAME: "eth0",
      CNI_ARGS:
        "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=virt-launcher-a-x7k2p;" +
        "K8S_POD_INFRA_CONTAINER_ID=cnitool-458ee3745730d9600685;K8S_POD_UID=6f1c",
    });
  });
});

it("containerIdOf() agrees with a recorded call of cnitool", () => {
  assert.equal(containerIdOf("/run/netns/t1"), "cnitool-458ee3745730d9600685");
});
