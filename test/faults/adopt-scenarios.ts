// The situations in which each system call of `mqtap adopt` fails once. Each is set up anew, in a pod of its own, before
// every call.

export interface AdoptScenario {
  /** What follows `adopt --netns PATH`. */
  readonly words: readonly string[];
  /** Shell commands in the pod, before the call. */
  readonly before: readonly string[];
  /** What KubeVirt does while the plugin waits; in any case before it is asked a second time. */
  readonly meanwhile?: readonly string[];
}

const kubevirtTap = (name: string, bit = "multi_queue"): readonly string[] => [
  `ip tuntap add ${name} mode tap user 107 group 107 ${bit}`,
  `ip link set ${name} up`,
];

/** Alias of a tap that the plugin made for an attachment. */
const ofPlugin = `mqtap/1 q=4 m=companion n=${"0".repeat(16)} a=${"0".repeat(32)}`;

/** What is in every pod and nobody's to touch. */
const bystanders: readonly string[] = ["ip link add br0 type bridge", ...kubevirtTap("other")];

const shape = "root tbf rate 1mbit burst 16k latency 50ms";

export const adoptScenarios: Readonly<Record<string, AdoptScenario>> = {
  "a tap that is up": { words: ["--wait", "--tap", "tap0=4"], before: [...bystanders, ...kubevirtTap("tap0")] },
  "a look at two taps, one of which is adopted": {
    words: ["--tap", "tap0=4,tap1=2"],
    before: [
      ...bystanders,
      ...kubevirtTap("tap0"),
      "tc qdisc replace dev tap0 root noqueue",
      "ip link set tap0 alias 'mqtap/1 q=4 m=adopted'",
      ...kubevirtTap("tap1"),
    ],
  },
  "a tap that is waited for": {
    words: ["--wait", "--tap", "tap0=4"],
    before: bystanders,
    meanwhile: kubevirtTap("tap0"),
  },
  "noqueue alone": { words: ["--noqueue-only", "--tap", "tap0"], before: [...bystanders, ...kubevirtTap("tap0")] },
  "taps that are not KubeVirt's, shaped, or of another kind": {
    words: ["--wait", "--tap", "shaped=4,named=4,single=4,br0=4,ours=4"],
    before: [
      ...bystanders,
      ...kubevirtTap("shaped"),
      `tc qdisc add dev shaped ${shape}`,
      ...kubevirtTap("named"),
      "ip link set named alias 'uplink of vm 7'",
      ...kubevirtTap("single", ""),
      ...kubevirtTap("ours"),
      `ip link set ours alias '${ofPlugin}'`,
    ],
  },
};
