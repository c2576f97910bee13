// A libvirt domain as KubeVirt writes one for an emulated VM that boots a kernel of its own: its NICs, and a serial port for
// each thing that a guest of our tests tells.

import { serialPorts } from "../guest/run-guest.ts";
import { bootFiles } from "./container.ts";

export interface DomainNic {
  /** Its name in the VMI. */
  readonly network: string;
  readonly tap: string;
  readonly mac: string;
  /** Undefined without networkInterfaceMultiqueue. */
  readonly queues?: number | undefined;
}

export interface Domain {
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMb?: number;
  readonly nics: readonly DomainNic[];
}

// Where there is no vhost, KubeVirt leaves the driver's name out.
function nicElement({ network, tap, mac, queues }: DomainNic): string {
  return [
    '    <interface type="ethernet">',
    `      <source></source><target dev="${tap}" managed="no"></target>`,
    '      <model type="virtio-non-transitional"></model>',
    `      <mac address="${mac}"></mac><mtu size="1500"></mtu>`,
    `      <alias name="ua-${network}"></alias>`,
    ...(queues === undefined ? [] : [`      <driver queues="${queues}"></driver>`]),
    '      <rom enabled="no"></rom>',
    "    </interface>",
  ].join("\n");
}

/** `serialFile` tells where each of the guest's ports writes to. */
export function domainXml({ name, vcpus, memoryMb = 256, nics }: Domain, serialFile: (port: string) => string): string {
  return [
    '<domain type="qemu">',
    `  <name>${name}</name>`,
    "  <uuid>5d307ca9-b3ef-428c-8861-06e72d69f223</uuid>",
    `  <memory unit="MiB">${memoryMb}</memory>`,
    `  <vcpu placement="static">${vcpus}</vcpu>`,
    `  <cpu mode="maximum"><topology sockets="${vcpus}" cores="1" threads="1"></topology></cpu>`,
    "  <os>",
    '    <type arch="x86_64" machine="q35">hvm</type>',
    `    <kernel>${bootFiles.kernel}</kernel><initrd>${bootFiles.initrd}</initrd>`,
    "    <cmdline>console=ttyS0 quiet panic=-1 ipv6.disable=1</cmdline>",
    "  </os>",
    "  <features><acpi></acpi></features>",
    "  <devices>",
    ...nics.map(nicElement),
    ...serialPorts.map((port) => `    <serial type="file"><source path="${serialFile(port)}"></source></serial>`),
    '    <controller type="usb" index="0" model="none"></controller>',
    '    <memballoon model="none"></memballoon>',
    "  </devices>",
    "</domain>",
  ].join("\n");
}
