// mqtap as the second plugin of a chain, called by libcni: behind `bridge` and behind `ptp`, in every version of the
// specification that has chains, for a virtual machine's pod and for an ordinary one.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { SizingAnswer } from "../../cni/sizing/protocol.ts";
import { parseAlias } from "../../cni/tap/alias.ts";
import type { Bed } from "../integration/bed.ts";
import { FakeAgent } from "../integration/fake-agent.ts";
import { addChain, type ChainTarget, configure, failChain, openNode, succeedChain } from "./libcni.ts";

let bed: Bed;
let agent: FakeAgent;
let subnets = 0;
before(async () => {
  bed = await openNode(["bridge", "ptp", "host-local", "tuning"]);
  agent = await FakeAgent.answering(bed, (request): SizingAnswer => {
    const tapName = request.ifName === "eth0" ? "tap0" : request.ifName.replace(/^(pod|net)/, "tap");
    return { kind: "tap", queues: 4, owner: 107, group: 107, tapName, why: "8 -> 4: node limit 4" };
  });
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await bed[Symbol.asyncDispose]();
});

const versions = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"];
const hasCheck = (version: string) => version !== "0.3.1";
const companion = { type: "mqtap", sizing: "vm" };

/** Networks `<name>` with mqtap at its end and `<name>-plain` without it, with the same addresses. */
function configureTwins(name: string, cniVersion: string, first: (index: number) => object): void {
  const index = subnets++;
  const ipam = { type: "host-local", ranges: [[{ subnet: `10.77.${index}.0/24` }]], routes: [{ dst: "0.0.0.0/0" }] };
  const made = { ...first(index), ipam };
  configure(bed, { cniVersion, name: `${name}-plain`, plugins: [made] });
  configure(bed, { cniVersion, name, plugins: [made, companion] });
}

const firstPlugins = {
  bridge: (index: number) => ({ type: "bridge", bridge: `br${index}`, isGateway: true, mtu: 1450 }),
  ptp: () => ({ type: "ptp", mtu: 1450 }),
};

/** What may differ between two runs of one chain: MACs and the random names of veths. */
function withoutRandomness(result: Readonly<Record<string, unknown>>): unknown {
  return JSON.parse(
    JSON.stringify(result, (key, value: unknown) => {
      if (key === "mac") return "a MAC";
      return key === "name" && typeof value === "string" && value.startsWith("veth") ? "veth" : value;
    }),
  );
}

const namesIn = async (namespace: string) => (await bed.links(namespace)).map(({ ifname }) => ifname).toSorted();
const reservedAddresses = async (network: string) => {
  const { stdout } = await bed.run([
    "sh",
    "-c",
    `ls /var/lib/cni/networks/${network} 2>/dev/null | grep '^10' || true`,
  ]);
  return stdout.split("\n").filter((line) => line !== "");
};

for (const [kind, first] of Object.entries(firstPlugins)) {
  for (const cniVersion of versions) {
    const network = `${kind}-${cniVersion.replaceAll(".", "-")}`;
    const plain = `${network}-plain`;

    describe(`${kind} and mqtap with cniVersion ${cniVersion}`, () => {
      before(() => configureTwins(network, cniVersion, first));

      test("a virtual machine's pod gets its tap, and the runtime the result that it had without mqtap", async () => {
        const netns = await bed.addNamespace(network);
        const expected = await addChain(bed, { network: plain, netns });
        await succeedChain(bed, "del", { network: plain, netns });
        assert.deepEqual(withoutRandomness(await addChain(bed, { network, netns })), withoutRandomness(expected));

        const tap = await bed.link(network, "tap0");
        assert.deepEqual([tap?.mtu, tap?.qdisc], [1450, "noqueue"]);
        assert.deepEqual(parseAlias(tap?.ifalias)?.queues, 4);
        await bed.must("ip", "-n", network, "link", "set", "tap0", "mtu", "1400", "down");
        if (hasCheck(cniVersion)) await succeedChain(bed, "check", { network, netns });
        else assert.match(await failChain(bed, "check", { network, netns }), /does not support the CHECK command/);
        await succeedChain(bed, "status", { network, netns });

        for (let time = 0; time < 2; time++) await succeedChain(bed, "del", { network, netns });
        assert.deepEqual(await namesIn(network), ["lo"]);
        assert.deepEqual(await reservedAddresses(network), []);
      });

      test("an ordinary pod passes, and nobody is asked", async () => {
        const asked = agent.questions.length;
        const namespace = `${network}-web`;
        const netns = await bed.addNamespace(namespace);
        const target: ChainTarget = { network, netns, podName: "web-7d4b9" };
        const expected = await addChain(bed, { ...target, network: plain });
        await succeedChain(bed, "del", { ...target, network: plain });
        const result = await addChain(bed, target);
        assert.deepEqual(withoutRandomness(result), withoutRandomness(expected));
        assert.deepEqual(await namesIn(namespace), ["eth0", "lo"]);
        if (hasCheck(cniVersion)) await succeedChain(bed, "check", target);
        await succeedChain(bed, "del", target);
        assert.deepEqual(await namesIn(namespace), ["lo"]);
        assert.equal(agent.questions.length, asked);
      });

      test("GC removes what libcni's cache knows; without the cache, and so without a list, it removes nothing", async () => {
        const namespace = `${network}-gc`;
        const netns = await bed.addNamespace(namespace);
        await addChain(bed, { network, netns });
        await succeedChain(bed, "gc", { network: plain, netns });
        rmSync(bed.path("/var/lib/cni/results"), { recursive: true });
        await succeedChain(bed, "gc", { network, netns });
        assert.deepEqual(await namesIn(namespace), ["eth0", "lo", "tap0"]);
        await succeedChain(bed, "del", { network, netns });
        await addChain(bed, { network, netns });
        await succeedChain(bed, "gc", { network, netns });
        assert.deepEqual(await namesIn(namespace), ["lo"]);
        assert.deepEqual(await reservedAddresses(network), []);
      });
    });
  }
}
