// The VMI that virt-launcher is given: small, emulated, and with a kernel of its own.

import type { Situation } from "../kubevirt/what-happens/situations.ts";
import { masqueradeNic, virtualMachine } from "../kubevirt/what-happens/virtual-machine.ts";
import { bootFiles } from "./container.ts";
import type { LaunchedVm } from "./virt-launcher.ts";

const uid = "5d307ca9-b3ef-428c-8861-06e72d69f223";

export function launchedVm(situation: Situation): LaunchedVm {
  const { vmi } = virtualMachine(situation, [masqueradeNic]);
  const { spec } = vmi;
  return {
    ...vmi,
    metadata: { ...vmi.metadata, uid },
    spec: {
      ...spec,
      domain: {
        ...spec.domain,
        machine: { type: "q35" },
        memory: { guest: "256Mi" },
        resources: { requests: { memory: "256Mi" } },
        firmware: {
          uuid: uid,
          kernelBoot: {
            kernelArgs: "console=ttyS0 quiet panic=-1 ipv6.disable=1",
            container: { image: "example.org/kernel:v1", ...bootFiles },
          },
        },
        devices: { ...spec.domain.devices, logSerialConsole: true },
      },
    },
  };
}
