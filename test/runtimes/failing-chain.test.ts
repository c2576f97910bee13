// Chains that fail in the middle: what a person reads, and that the DEL which the runtime sends then leaves nothing.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { SizingAnswer } from "../../cni/sizing/protocol.ts";
import type { Bed } from "../integration/bed.ts";
import { FakeAgent } from "../integration/fake-agent.ts";
import { addChain, type ChainTarget, configure, failChain, openNode, succeedChain } from "./libcni.ts";

const tap0: SizingAnswer = { kind: "tap", queues: 4, owner: 107, group: 107, tapName: "tap0", why: "4" };
const companion = { type: "mqtap", sizing: "vm" };
const broken = { type: "tuning", sysctl: { "net.ipv4.conf.IFNAME.no_such_setting": "1" } };

interface Failure {
  readonly plugins: (addressed: object) => readonly Readonly<Record<string, unknown>>[];
  readonly answer?: SizingAnswer;
  readonly says: RegExp;
}

const failures: Readonly<Record<string, Failure>> = {
  "the plugin behind a companion": {
    plugins: (addressed) => [{ type: "ptp", ...addressed }, companion, broken],
    says: /plugin type="tuning" failed \(add\)/,
  },
  "the plugin behind a main tap": {
    plugins: () => [{ type: "mqtap", queues: 4 }, broken],
    says: /plugin type="tuning" failed \(add\)/,
  },
  "the plugin behind a main tap with addresses": {
    plugins: (addressed) => [{ type: "mqtap", queues: 4, ...addressed }, broken],
    says: /plugin type="tuning" failed \(add\)/,
  },
  "a main tap that has its addresses and finds no bridge": {
    plugins: (addressed) => [{ type: "mqtap", bridge: "br0", ...addressed }, broken],
    says: /plugin type="mqtap" failed \(add\).*"br0"/,
  },
  "the agent, which refuses for good": {
    plugins: (addressed) => [{ type: "ptp", ...addressed }, companion],
    answer: { kind: "refused", code: 115, why: "3 NICs open 24 queues and the node allows 8" },
    says: /plugin type="mqtap" failed \(add\).*3 NICs open 24 queues and the node allows 8/,
  },
  "the agent, which cannot say now": {
    plugins: (addressed) => [{ type: "ptp", ...addressed }, companion],
    answer: { kind: "retry", why: "the API server does not answer" },
    says: /plugin type="mqtap" failed \(add\).*the API server does not answer/,
  },
  "mqtap, whose configuration is wrong": {
    plugins: (addressed) => [
      { type: "ptp", ...addressed },
      { ...companion, queues: 0 },
    ],
    says: /plugin type="mqtap" failed \(add\).*"queues": 0/,
  },
  "mqtap, whose tap's name is taken": {
    plugins: (addressed) => [{ type: "ptp", ...addressed }, companion],
    answer: { ...tap0, tapName: "eth0" },
    says: /plugin type="mqtap" failed \(add\).*"eth0"/,
  },
  "the plugin before mqtap": {
    plugins: (addressed) => [{ type: "ptp", ...addressed, mtu: 1 }, companion],
    says: /plugin type="ptp" failed \(add\)/,
  },
};

describe("a chain that fails", () => {
  let bed: Bed;
  let agent: FakeAgent;
  let answer: SizingAnswer;
  let count = 0;
  before(async () => {
    bed = await openNode(["ptp", "host-local", "tuning"]);
    agent = await FakeAgent.answering(bed, () => answer);
  });
  after(async () => {
    await agent[Symbol.asyncDispose]();
    await bed[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    count++;
  });

  for (const [what, failure] of Object.entries(failures)) {
    for (const cniVersion of ["0.3.1", "0.4.0", "1.0.0", "1.1.0"]) {
      test(`in ${what}, with cniVersion ${cniVersion}`, async () => {
        const name = `failing-${count}`;
        const ipam = { type: "host-local", subnet: `10.81.${count}.0/24` };
        configure(bed, { cniVersion, name, plugins: failure.plugins({ ipam }) });
        answer = failure.answer ?? tap0;
        const target: ChainTarget = { network: name, netns: await bed.addNamespace(name) };
        assert.match(await failChain(bed, "add", target), failure.says);
        for (let time = 0; time < 2; time++) await succeedChain(bed, "del", target);
        assert.deepEqual(
          (await bed.links(name)).map(({ ifname }) => ifname),
          ["lo"],
        );
        const reserved = await bed.run(["sh", "-c", `ls /var/lib/cni/networks/${name} | grep '^10'`]);
        assert.equal(reserved.stdout, "");
      });
    }
  }

  test("and is added again gets its whole network", async () => {
    const name = `failing-${count}`;
    const ipam = { type: "host-local", subnet: `10.81.${count}.0/24` };
    configure(bed, { cniVersion: "1.1.0", name, plugins: [{ type: "ptp", ipam }, companion] });
    const target: ChainTarget = { network: name, netns: await bed.addNamespace(name) };
    answer = { kind: "retry", why: "the API server does not answer" };
    await failChain(bed, "add", target);
    await succeedChain(bed, "del", target);
    answer = tap0;
    await addChain(bed, target);
    await succeedChain(bed, "check", target);
    assert.ok(await bed.link(name, "tap0"));
    await succeedChain(bed, "del", target);
  });
});
