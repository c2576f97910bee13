// A libvirt domain in the form in which KubeVirt's converter writes one: Go's encoding/xml, so every empty element has an end tag,
// and a namespace of QEMU's own. The values are made up.

export interface NicOfDomain {
  /** Its name in the VMI; undefined for KubeVirt's own placeholders. */
  readonly network?: string;
  readonly model?: string;
  readonly queues?: number | string;
  /** The tap; undefined while it is not filled in. */
  readonly target?: string;
  readonly type?: string;
}

function nicElement(nic: NicOfDomain, index: number): string {
  const { model = "virtio-non-transitional", type = "ethernet", network, queues, target } = nic;
  const slot = (index + 16).toString(16);
  return [
    `    <interface type="${type}">`,
    `      <address type="pci" domain="0x0000" bus="0x${slot}" slot="0x00" function="0x0"></address>`,
    "      <source></source>",
    ...(target === undefined ? [] : [`      <target dev="${target}" managed="no"></target>`]),
    `      <model type="${model}"></model>`,
    `      <mac address="02:00:00:00:${(index >> 8).toString(16).padStart(2, "0")}:${(index & 255).toString(16).padStart(2, "0")}"></mac>`,
    '      <mtu size="1500"></mtu>',
    ...(network === undefined ? [] : [`      <alias name="ua-${network}"></alias>`]),
    ...(queues === undefined ? [] : [`      <driver name="vhost" queues="${queues}"></driver>`]),
    '      <rom enabled="no"></rom>',
    "    </interface>",
  ].join("\n");
}

/** `metadata` is put where KubeVirt's own metadata stands. */
export function domainXml(nics: readonly NicOfDomain[], metadata = ""): string {
  return [
    '<domain type="kvm" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">',
    "  <name>default_vm</name>",
    '  <memory unit="b">1073741824</memory>',
    "  <os>",
    '    <type arch="x86_64" machine="q35">hvm</type>',
    '    <smbios mode="sysinfo"></smbios>',
    "  </os>",
    `  <metadata>${metadata}`,
    '    <kubevirt xmlns="http://kubevirt.io">',
    "      <uid>2f0c3a3e-8d7e-4d35-9a0b-5b1f6c1c7f10</uid>",
    "    </kubevirt>",
    "  </metadata>",
    '  <sysinfo type="smbios">',
    "    <system>",
    '      <entry name="uuid">5d307ca9-b3ef-428c-8861-06e72d69f223</entry>',
    '      <entry name="manufacturer">KubeVirt</entry>',
    '      <entry name="product">None</entry>',
    "    </system>",
    "  </sysinfo>",
    "  <devices>",
    ...nics.map(nicElement),
    '    <channel type="unix">',
    '      <target name="org.qemu.guest_agent.0" type="virtio"></target>',
    "    </channel>",
    '    <controller type="usb" index="0" model="none"></controller>',
    '    <controller type="scsi" index="0" model="virtio-non-transitional">',
    '      <driver iothread="1" queues="8"></driver>',
    "    </controller>",
    '    <controller type="virtio-serial" index="0" model="virtio-non-transitional"></controller>',
    "    <video>",
    '      <model type="vga" heads="1" vram="16384"></model>',
    "    </video>",
    '    <memballoon model="virtio-non-transitional" freePageReporting="on">',
    '      <stats period="10"></stats>',
    "    </memballoon>",
    '    <disk device="disk" type="file" model="virtio-non-transitional">',
    '      <source file="/var/run/kubevirt-private/vmi-disks/root/disk.img"></source>',
    '      <target bus="virtio" dev="vda"></target>',
    '      <driver cache="none" error_policy="stop" name="qemu" type="raw" iothread="1" queues="8" discard="unmap"></driver>',
    '      <alias name="ua-root"></alias>',
    "    </disk>",
    "  </devices>",
    '  <clock offset="utc" adjustment="reset"></clock>',
    "  <resource>",
    "    <partition></partition>",
    "  </resource>",
    '  <cpu mode="host-model">',
    '    <topology sockets="8" cores="1" threads="1"></topology>',
    "  </cpu>",
    '  <vcpu placement="static">8</vcpu>',
    "  <iothreads>1</iothreads>",
    "</domain>",
  ].join("\n");
}
