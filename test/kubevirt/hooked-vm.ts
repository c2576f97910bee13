// A VM of eight vCPUs whose launcher has the hook: its VMI, its pod with taps of the plugin's, and what its domain should be.

import assert from "node:assert/strict";
import { podInterfaceName } from "../../cni/tap/name.ts";
import type { TestPod } from "../integration/pod-per-test.ts";
import { addCompanionTap } from "./companion.ts";
import { LauncherPod } from "./launcher-pod.ts";
import { sha256Hex } from "./sha256-hex.ts";

export interface VmShape {
  /** NICs beside the one on the pod's network. */
  readonly secondaries?: readonly string[];
  readonly cpu?: object;
  readonly domain?: object;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly model?: string;
}

/** Its VMI; of eight vCPUs, unless told. */
export function vmOf({ secondaries = [], cpu = { cores: 8 }, domain, annotations = {}, model }: VmShape = {}): object {
  const nic = model === undefined ? {} : { model };
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: { name: "vm", namespace: "default", uid: "5d307ca9-b3ef-428c-8861-06e72d69f223", annotations },
    spec: {
      domain: {
        cpu,
        memory: { guest: "4Gi" },
        firmware: { uuid: "5d307ca9-b3ef-428c-8861-06e72d69f223" },
        ...domain,
        devices: {
          networkInterfaceMultiqueue: true,
          interfaces: [
            { name: "default", masquerade: {}, ...nic },
            ...secondaries.map((name) => ({ name, bridge: {}, ...nic })),
          ],
        },
      },
      networks: [{ name: "default", pod: {} }, ...secondaries.map((name) => ({ name, multus: { networkName: name } }))],
    },
    status: { runtimeUser: 107 },
  };
}

/** The pod's interfaces, and beside each a tap of the plugin's for so many queues. */
export async function makeTaps(
  { bed, namespace, netns }: TestPod,
  { queues, secondaries = [] }: { readonly queues: number; readonly secondaries?: readonly string[] },
): Promise<LauncherPod> {
  const pod = await LauncherPod.start(bed, namespace);
  await addCompanionTap(bed, { netns, queues });
  for (const network of secondaries) {
    const ifName = podInterfaceName(sha256Hex, network);
    await bed.must("ip", "-n", namespace, "link", "add", ifName, "type", "bridge");
    await addCompanionTap(bed, { netns, ifName, queues });
  }
  return pod;
}

/** The document with the queues of KubeVirt's NICs, which stand behind their aliases, set from one count to another. */
export function withQueues(xml: string, [from, to]: readonly [from: number, to: number]): string {
  const driver = /(<alias name="ua-[^"]*"><\/alias>\s*<driver name="vhost" queues=")(\d+)"/g;
  return xml.replaceAll(driver, (_, before: string, queues: string) => {
    assert.equal(queues, `${from}`);
    return `${before}${to}"`;
  });
}
