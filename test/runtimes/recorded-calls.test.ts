// Replays what containerd, Multus and cnitool really sent, call by call and in order, against the built plugin: the same
// variables, the same stdin but for the plugin's own fields, and namespaces at the same paths.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { SizingAnswer, SizingRequest } from "../../cni/sizing/protocol.ts";
import { companionTapName } from "../../cni/tap/name.ts";
import { Bed, type Finished } from "../integration/bed.ts";
import { FakeAgent } from "../integration/fake-agent.ts";
import {
  asLateDel,
  asLauncherPod,
  asMqtap,
  attachmentOf,
  type RecordedCall,
  readRecordedCalls,
} from "./recorded-calls.ts";

const calls = readRecordedCalls();
const namespaceOf = (call: RecordedCall) => call.env.CNI_NETNS.replace(/^(\/var)?\/run\/netns\//, "");
const titleOf = ({ caller, env, stdin }: RecordedCall, index: number) =>
  `call ${index}: ${caller} ${env.CNI_COMMAND} ${stdin.name} ${env.CNI_IFNAME}`.trimEnd();

async function replay(bed: Bed, { env, stdin }: RecordedCall): Promise<Finished> {
  return bed.run(["/run/bin/mqtap"], { env, stdin: JSON.stringify(stdin) });
}

async function replayWell(bed: Bed, call: RecordedCall): Promise<string> {
  const { status, stdout, stderr } = await replay(bed, call);
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

/** A bed with the recorded pods' namespaces; `withInterfaces`: with what the plugins before ours had made in them. */
async function openRecordedBed({ withInterfaces }: { withInterfaces: boolean }): Promise<Bed> {
  const bed = await Bed.open();
  const namespaces = new Set(calls.filter(({ env }) => env.CNI_NETNS !== "").map(namespaceOf));
  for (const namespace of namespaces) await bed.addNamespace(namespace);
  for (const call of calls) {
    if (!withInterfaces || call.env.CNI_COMMAND !== "ADD") continue;
    const peer = `v${call.env.CNI_IFNAME}`;
    const add = ["ip", "-n", namespaceOf(call), "link", "add", call.env.CNI_IFNAME, "mtu", "1450"];
    await bed.must(...add, "type", "veth", "peer", "name", peer);
  }
  return bed;
}

/** The names of all links in the call's namespace. */
async function linksOf(bed: Bed, call: RecordedCall): Promise<readonly string[]> {
  return (await bed.links(namespaceOf(call))).map(({ ifname }) => ifname).toSorted();
}

/** Afterwards, when pods and namespaces are gone. */
function replayLateDels(bedOf: () => Bed, read: (call: RecordedCall) => RecordedCall): void {
  test("late DELs without namespace and prevResult succeed, twice, and so do those whose namespace is gone", async () => {
    const bed = bedOf();
    const dels = calls.filter(({ env }) => env.CNI_COMMAND === "DEL").map(read);
    for (const namespace of new Set(dels.map(namespaceOf))) await bed.must("ip", "netns", "del", namespace);
    for (const call of dels.flatMap((del) => [del, asLateDel(del), asLateDel(del)])) {
      assert.equal(await replayWell(bed, call), "");
    }
  });
}

describe("a chain member with sizing vm, for ordinary pods", () => {
  const read = (call: RecordedCall) => asMqtap(call, { sizing: "vm" });
  let bed: Bed;
  before(async () => {
    bed = await openRecordedBed({ withInterfaces: true });
  });
  after(async () => {
    await bed[Symbol.asyncDispose]();
  });

  for (const [index, recorded] of calls.entries()) {
    test(titleOf(recorded, index), async () => {
      const call = read(recorded);
      const isOfPod = call.env.CNI_COMMAND !== "STATUS";
      const found = isOfPod ? await linksOf(bed, call) : [];
      const stdout = await replayWell(bed, call);
      assert.equal(stdout, call.env.CNI_COMMAND === "ADD" ? `${JSON.stringify(call.stdin.prevResult)}\n` : "");
      if (isOfPod) assert.deepEqual(await linksOf(bed, call), found);
    });
  }
  replayLateDels(() => bed, read);
});

describe("a chain member with sizing vm, for virtual machines' pods", () => {
  const read = (call: RecordedCall) => asMqtap(asLauncherPod(call), { sizing: "vm" });
  const hasTap = (call: RecordedCall) =>
    call.env.CNI_ARGS !== "" && companionTapName(call.env.CNI_IFNAME) !== undefined;
  const answer = ({ ifName }: SizingRequest): SizingAnswer => {
    const tapName = companionTapName(ifName);
    if (tapName === undefined) return { kind: "none", why: "no interface of a virtual machine" };
    return { kind: "tap", queues: 4, owner: 107, group: 107, tapName, why: "4" };
  };
  let bed: Bed;
  let agent: FakeAgent;
  before(async () => {
    bed = await openRecordedBed({ withInterfaces: true });
    // the reference plugin's tap of the recording has the name that KubeVirt's scheme gives to eth0's tap
    for (const call of calls) {
      if (call.env.CNI_IFNAME !== "tap0" || call.env.CNI_COMMAND !== "ADD") continue;
      await bed.must("ip", "-n", namespaceOf(call), "link", "set", "tap0", "name", "other0");
    }
    agent = await FakeAgent.answering(bed, answer);
  });
  after(async () => {
    await agent[Symbol.asyncDispose]();
    await bed[Symbol.asyncDispose]();
  });

  for (const [index, recorded] of calls.entries()) {
    test(titleOf(recorded, index), async () => {
      const call = read(recorded);
      const tapName = companionTapName(call.env.CNI_IFNAME) ?? "";
      const stdout = await replayWell(bed, call);
      assert.equal(stdout, call.env.CNI_COMMAND === "ADD" ? `${JSON.stringify(call.stdin.prevResult)}\n` : "");
      if (!hasTap(call)) return;
      const tap = await bed.link(namespaceOf(call), tapName);
      const isThere = call.env.CNI_COMMAND === "ADD";
      assert.deepEqual([tap?.linkinfo?.info_kind, tap?.mtu], isThere ? ["tun", 1450] : [undefined, undefined]);
    });
  }
  replayLateDels(() => bed, read);

  test("the agent was asked once for each interface of a pod, with the pod's identity", () => {
    const asked = agent.questions.map(({ podName, podUid, ifName }) => `${podName} ${podUid} ${ifName}`);
    assert.deepEqual(asked, [
      "virt-launcher-q1-abcde bf0f486d-dc9d-47e0-b9ac-098893fcf402 eth0",
      "virt-launcher-t1-abcde bdf7b47e-d306-49d1-a5cb-884aebe102fc eth0",
      "virt-launcher-t1-abcde bdf7b47e-d306-49d1-a5cb-884aebe102fc tap0",
      "virt-launcher-t1-abcde bdf7b47e-d306-49d1-a5cb-884aebe102fc pod37a8eec1ce1",
    ]);
  });
});

describe("a main plugin with static sizing", () => {
  let bed: Bed;
  const results = new Map<string, unknown>();
  const read = (call: RecordedCall) => {
    const prevResult = call.env.CNI_COMMAND === "ADD" ? undefined : results.get(attachmentOf(call));
    return asMqtap(call, { queues: 4, prevResult });
  };
  before(async () => {
    bed = await openRecordedBed({ withInterfaces: false });
  });
  after(async () => {
    await bed[Symbol.asyncDispose]();
  });

  for (const [index, recorded] of calls.entries()) {
    test(titleOf(recorded, index), async () => {
      const call = read(recorded);
      const { CNI_COMMAND: command, CNI_IFNAME: ifName, CNI_NETNS: sandbox } = call.env;
      const stdout = await replayWell(bed, call);
      if (command === "STATUS") return assert.equal(stdout, "");
      const tap = await bed.link(namespaceOf(call), ifName);
      if (command === "ADD") {
        const { cniVersion } = call.stdin;
        const mac = call.env.CNI_ARGS.includes("MAC=") ? "02:00:00:00:00:02" : tap?.address;
        const mtu = cniVersion === "1.1.0" ? { mtu: 1500 } : {};
        const result: unknown = JSON.parse(stdout);
        assert.deepEqual(result, { cniVersion, interfaces: [{ name: ifName, mac, ...mtu, sandbox }] });
        results.set(attachmentOf(call), result);
      } else {
        assert.equal(stdout, "");
      }
      assert.equal(tap?.linkinfo?.info_kind, command === "DEL" ? undefined : "tun");
    });
  }
  replayLateDels(() => bed, read);
});

describe("a main plugin with static sizing behind the plugin that made the interface", () => {
  let bed: Bed;
  before(async () => {
    bed = await openRecordedBed({ withInterfaces: true });
  });
  after(async () => {
    await bed[Symbol.asyncDispose]();
  });

  for (const [index, recorded] of calls.entries()) {
    const { CNI_COMMAND: command, CNI_IFNAME: ifName } = recorded.env;
    if (command !== "ADD" && command !== "DEL") continue;
    test(`${titleOf(recorded, index)} leaves that interface alone`, async () => {
      const call = asMqtap(recorded, { queues: 4 });
      const found = await linksOf(bed, call);
      const { status, stdout } = await replay(bed, call);
      if (command === "DEL") assert.deepEqual([status, stdout], [0, ""]);
      else assert.deepEqual([status, JSON.parse(stdout).code], [1, 100]);
      assert.deepEqual(await linksOf(bed, call), found);
      assert.ok(found.includes(ifName));
    });
  }
});
