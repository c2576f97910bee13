// Random VirtualMachineInstances, as far as KubeVirt counts queues with them: what its API server may store, with what
// no webhook has put right, and some of what it would refuse.

import fc from "fast-check";

const exponent = fc
  .tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), fc.constantFrom("0", "1", "3", "03", "9", "12"))
  .map((parts) => parts.join(""));
const small = fc.oneof(
  fc.nat(600).map(String),
  fc.constantFrom("007", "1.", ".5", "0.0001", "000.10"),
  fc.tuple(fc.nat(600), fc.nat(100_000)).map(([whole, fraction]) => `${whole}.${fraction}`),
);
const long = fc.oneof(
  fc.bigInt({ min: 0n, max: 10n ** 18n }).map(String),
  fc.tuple(fc.nat(9), fc.bigInt({ min: 0n, max: 10n ** 24n })).map(([whole, fraction]) => `${whole}.${fraction}`),
  fc.constantFrom("2.000000001", "4294967295.5", "4294967296", "1.0000000000000000000000001"),
);
// All below 2^63, which Kubernetes caps or wraps, and none negative, which KubeVirt's webhook refuses.
const written = fc
  .tuple(
    fc.constantFrom("", "", "", "+"),
    fc.oneof(
      fc.tuple(small, fc.constantFrom("", "n", "u", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti")),
      fc.tuple(small, exponent),
      fc.tuple(long, fc.constantFrom("", "n", "u", "m", "e-3", "E-9", "e-21")),
      fc.tuple(fc.integer({ min: 0, max: 7 }), fc.constantFrom("P", "E", "Pi", "Ei", "e18")),
    ),
  )
  .map(([sign, parts]) => `${sign}${parts.join("")}`);
const plausible = fc.constantFrom("0", "1", "2", "4", "16", "256", "300", "100m", "2200m", "500m", "1Ki", "1e1", "0.5");
const noQuantity = fc.constantFrom(
  "",
  "1e3m",
  "many",
  "1K",
  "1ki",
  " ",
  "1 ",
  " 2",
  "1e",
  "0x10",
  "1_000",
  "m",
  ".",
  "1e1.5",
);
/** Text or number; now and then none that Kubernetes would read. */
export const arbitraryQuantity = fc.oneof(
  { weight: 8, arbitrary: plausible },
  { weight: 8, arbitrary: written },
  { weight: 1, arbitrary: noQuantity },
  { weight: 2, arbitrary: fc.oneof(fc.nat(600), fc.constantFrom(1.5, 0.1)) },
);

const count = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(64, 255, 256, 257, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1) },
);
const cpu = fc.record(
  { sockets: count, cores: count, threads: count, maxSockets: count, model: fc.constantFrom("EPYC", "host-model", "") },
  { requiredKeys: [] },
);
const resources = fc.record(
  {
    limits: fc.record({ cpu: arbitraryQuantity, memory: fc.constant("1Gi") }, { requiredKeys: [] }),
    requests: fc.record({ cpu: arbitraryQuantity, memory: fc.constant("1Gi") }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

const model = fc.oneof(
  fc.constantFrom("", "virtio"),
  fc.constantFrom("e1000", "e1000e", "rtl8139", "virtio-transitional", "virtio-non-transitional"),
);
const binding = fc.constantFrom<object>(
  { masquerade: {} },
  { bridge: {} },
  { binding: { name: "mqtap" } },
  { binding: { name: "other" } },
  { sriov: {} },
  { passtBinding: {} },
);
const nic = fc
  .tuple(binding, fc.record({ model, state: fc.constantFrom("", "up", "down", "absent") }, { requiredKeys: [] }))
  .map(([bound, rest]) => ({ ...bound, ...rest }));

const infoSource = fc.oneof(
  fc.uniqueArray(fc.constantFrom("domain", "guest-agent", "multus-status")).map((names) => names.join(", ")),
  fc.constantFrom("domain,guest-agent", "domains", "domain, ", "Domain"),
);
const reported = fc.record(
  {
    name: fc.constantFrom("nic0", "nic1", "nic2", "gone"),
    infoSource,
    queueCount: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(255, 256, 300)),
    podInterfaceName: fc.constantFrom("eth0", "ovn-udn1"),
  },
  { requiredKeys: ["name"] },
);
const runtimeUser = fc.constantFrom(0, 107, 107, 1000);

/** A VMI of up to three interfaces: the first on the pod's network, the others on networks of Multus. */
export const arbitraryVmi = fc
  .record({
    cpu: fc.option(cpu, { freq: 3 }),
    resources: fc.option(resources, { freq: 3 }),
    multiqueue: fc.constantFrom(true, true, true, true, false, null, undefined),
    nics: fc.array(nic, { maxLength: 3 }),
    isFirstOfMultus: fc.boolean(),
    isNonRoot: fc.boolean(),
    status: fc.record({ runtimeUser, interfaces: fc.array(reported, { maxLength: 4 }) }),
  })
  .map(({ cpu, resources, multiqueue, nics, isFirstOfMultus, isNonRoot, status }) => ({
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: { name: "vm", annotations: isNonRoot ? { "kubevirt.io/nonroot": "" } : {} },
    spec: {
      domain: {
        ...(cpu === null ? {} : { cpu }),
        ...(resources === null ? {} : { resources }),
        devices: {
          ...(multiqueue === undefined ? {} : { networkInterfaceMultiqueue: multiqueue }),
          interfaces: nics.map((part, index) => ({ name: `nic${index}`, ...part })),
        },
      },
      networks: nics.map((_, index) => network(index, isFirstOfMultus)),
    },
    status,
  }));

function network(index: number, isFirstOfMultus: boolean): object {
  const name = `nic${index}`;
  if (index > 0) return { name, multus: { networkName: "nad" } };
  return isFirstOfMultus ? { name, multus: { networkName: "nad", default: true } } : { name, pod: {} };
}
