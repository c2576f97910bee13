// The plugin with the agent's answers: companion taps in a chain, network bindings, and every way in which an agent may fail.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SizingAnswer } from "../../cni/sizing/protocol.ts";
import { attachmentId, parseAlias } from "../../cni/tap/alias.ts";
import { FakeSyscalls } from "../fakes/fake-syscalls.ts";
import type { Bed } from "./bed.ts";
import { type Behaviour, FakeAgent } from "./fake-agent.ts";
import { fail, invoke, type PluginCall, succeed } from "./plugin.ts";
import { podPerTest } from "./pod-per-test.ts";

let bed: Bed;
let namespace: string;
let launcher: PluginCall;
podPerTest(async (pod) => {
  ({ bed, namespace } = pod);
  await bed.must("ip", "-n", namespace, "link", "add", "eth0", "mtu", "1450", "type", "veth", "peer", "name", "peer0");
  const prevResult = {
    cniVersion: "1.1.0",
    interfaces: [{ name: "eth0", sandbox: pod.netns }],
    ips: [{ address: "10.0.0.2/24" }],
  };
  const conf = { sizing: "vm", prevResult };
  launcher = { command: "ADD", netns: pod.netns, args: podArgs("virt-launcher-vm-abcde"), conf };
});

const podArgs = (podName: string) =>
  `K8S_POD_UID=11-22;IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${podName};K8S_POD_INFRA_CONTAINER_ID=c1`;
const tap0: SizingAnswer = {
  kind: "tap",
  queues: 4,
  owner: 107,
  group: 107,
  tapName: "tap0",
  why: "8 -> 4: node limit 4",
};
const prevResultOf = (call: PluginCall) => Object(call.conf)["prevResult"];

describe("a companion in a chain", () => {
  test("makes the tap that KubeVirt adopts, and hands prevResult on unchanged", async () => {
    await using agent = await FakeAgent.answering(bed, () => tap0);
    assert.deepEqual(await succeed(bed, launcher), prevResultOf(launcher));
    const link = await bed.link(namespace, "tap0");
    const { type, multi_queue: isMultiQueue } = Object(link?.linkinfo?.info_data);
    assert.deepEqual([type, isMultiQueue, link?.mtu, link?.qdisc], ["tap", true, 1450, "noqueue"]);
    assert.deepEqual(await bed.ownership(namespace, "tap0"), ["107", "107"]);
    const alias = parseAlias(link?.ifalias);
    assert.deepEqual([alias?.mode, alias?.queues], ["companion", 4]);
    assert.deepEqual(agent.questions, [
      {
        version: 1,
        mode: "companion",
        podNamespace: "default",
        podName: "virt-launcher-vm-abcde",
        podUid: "11-22",
        ifName: "eth0",
        network: "net",
        attachmentId: attachmentId((text) => new FakeSyscalls().sha256Hex(text), {
          network: "net",
          containerId: "c1",
          ifName: "eth0",
        }),
        logicNetworkName: undefined,
        maxQueues: undefined,
      },
    ]);
  });

  test("is checked and removed without the agent, whatever KubeVirt changed", async () => {
    {
      await using _agent = await FakeAgent.answering(bed, () => tap0);
      await succeed(bed, launcher);
    }
    await bed.must("ip", "-n", namespace, "link", "set", "tap0", "mtu", "1400", "address", "02:00:00:00:00:99", "down");
    assert.equal(await succeed(bed, { ...launcher, command: "CHECK" }), undefined);
    assert.equal(await succeed(bed, { ...launcher, command: "DEL", conf: {} }), undefined);
    assert.equal(await bed.link(namespace, "tap0"), undefined);
    assert.ok(await bed.link(namespace, "eth0"));
  });

  test("asks nobody about pods that are no virtual machines'", async () => {
    const call = { ...launcher, args: podArgs("web-7d4b9") };
    assert.deepEqual(await succeed(bed, call), prevResultOf(call));
    assert.equal(await succeed(bed, { ...call, command: "CHECK" }), undefined);
    assert.equal(await succeed(bed, { ...call, command: "DEL" }), undefined);
    assert.equal((await bed.links(namespace)).length, 3);
  });

  test("passes a pod for which the agent wants no tap", async () => {
    await using _agent = await FakeAgent.answering(bed, () => ({ kind: "none", why: "hotplug-disk pod" }));
    const { stdout, stderr } = await invoke(bed, launcher);
    assert.deepEqual(JSON.parse(stdout), prevResultOf(launcher));
    assert.match(stderr, /hotplug-disk pod/);
    assert.equal((await bed.links(namespace)).length, 3);
  });

  test("hands on numbers that JavaScript cannot hold", async () => {
    const conf = `{"cniVersion":"1.1.0","name":"net","sizing":"vm","prevResult":{"cniVersion":"1.1.0","x":12345678901234567890}}`;
    const { stdout } = await invoke(bed, { ...launcher, args: podArgs("web"), conf });
    assert.equal(stdout, '{"cniVersion":"1.1.0","x":12345678901234567890}\n');
  });
});

describe("a network binding", () => {
  const binding = (call: PluginCall): PluginCall => ({
    ...call,
    ifName: "net1",
    conf: { sizing: "vm", args: { cni: { logicNetworkName: "blue" } } },
  });
  const blueTap: SizingAnswer = { ...tap0, kind: "tap", queues: 2, owner: 107, group: 107, tapName: "tap16477688c0e" };

  test("makes the named network's tap with its pod interface's mtu, and neither makes nor returns net1", async () => {
    await using agent = await FakeAgent.answering(bed, () => blueTap);
    await bed.must("ip", "-n", namespace, "link", "add", "pod16477688c0e", "mtu", "9000", "type", "bridge");
    assert.deepEqual(await succeed(bed, binding(launcher)), { cniVersion: "1.1.0" });
    assert.equal(await bed.link(namespace, "net1"), undefined);
    const link = await bed.link(namespace, "tap16477688c0e");
    assert.equal(link?.mtu, 9000);
    assert.equal(parseAlias(link?.ifalias)?.mode, "binding");
    assert.deepEqual([agent.questions[0]?.mode, agent.questions[0]?.logicNetworkName], ["binding", "blue"]);
    assert.equal(await succeed(bed, { ...binding(launcher), command: "CHECK" }), undefined);
    assert.equal(await succeed(bed, { ...binding(launcher), command: "DEL", conf: {} }), undefined);
    assert.equal(await bed.link(namespace, "tap16477688c0e"), undefined);
  });

  test("passes the agent's refusal on with its code", async () => {
    await using _agent = await FakeAgent.answering(bed, () => ({
      kind: "refused",
      code: 114,
      why: 'binding "x" is not managed',
    }));
    const error = await fail(bed, binding(launcher));
    assert.deepEqual([error.code, error.msg], [114, 'cannot make a tap for this pod: binding "x" is not managed']);
    assert.equal((await bed.links(namespace)).length, 3);
  });
});

describe("main mode with the VM's size", () => {
  test("makes CNI_IFNAME with the agent's queues and owner, unless the configuration names one", async () => {
    await using _agent = await FakeAgent.answering(bed, () => ({
      ...tap0,
      kind: "tap",
      queues: 3,
      owner: 0,
      group: 0,
      tapName: "tap5",
    }));
    await succeed(bed, { ...launcher, ifName: "blue", conf: { sizing: "vm", mode: "main", group: 1001 } });
    const link = await bed.link(namespace, "blue");
    assert.deepEqual(await bed.ownership(namespace, "blue"), ["0", "1001"]);
    assert.equal(parseAlias(link?.ifalias)?.queues, 3);
  });

  test("never succeeds without an interface", async () => {
    await using _agent = await FakeAgent.answering(bed, () => ({ kind: "none", why: "not a virtual machine" }));
    const error = await fail(bed, { ...launcher, ifName: "blue", conf: { sizing: "vm" } });
    assert.deepEqual([error.code, error.msg], [101, "cannot make a tap for this pod: not a virtual machine"]);
  });
});

describe("an agent in trouble", () => {
  const behaviours: Record<string, { behave: Behaviour; msg: RegExp }> = {
    "answers garbage": { behave: (_, connection) => connection.end("\0\u00ff{\n"), msg: /makes no sense/ },
    "answers with half a line": {
      behave: (_, connection) => connection.end('{"version":1'),
      msg: /closed the connection twice/,
    },
    "closes every connection": { behave: (_, connection) => connection.destroy(), msg: /closed the connection twice/ },
    "answers endlessly": { behave: (_, connection) => connection.end("x".repeat(100_000)), msg: /longer than 65536/ },
    "speaks another version": { behave: (_, connection) => connection.end('{"version":2}\n'), msg: /version 2, not 1/ },
    "has no answer yet": {
      behave: (_, connection) => connection.end('{"version":1,"kind":"retry","why":"the API server is away"}\n'),
      msg: /cannot size the tap now: the API server is away/,
    },
    "wants a tap with an impossible name": {
      behave: (_, connection) => connection.end(`${JSON.stringify({ version: 1, ...tap0, tapName: "a/b" })}\n`),
      msg: /a tap named "a\/b"/,
    },
    "accepts and never answers": { behave: () => undefined, msg: /did not answer within 5 s/ },
  };
  for (const [what, { behave, msg }] of Object.entries(behaviours)) {
    test(`which ${what} gives "try again later", and nothing is made`, async () => {
      await using _agent = await FakeAgent.listen(bed, behave);
      const error = await fail(bed, launcher);
      assert.match(error.msg, msg);
      assert.equal(error.code, 11);
      assert.equal((await bed.links(namespace)).length, 3);
    });
  }

  test('which is absent gives "try again later" that says where to look', async () => {
    const error = await fail(bed, launcher);
    assert.equal(error.code, 11);
    assert.match(error.msg, /\/run\/mqtap\/agent\.sock; is it running on this node\?/);
    assert.match(error.details ?? "", /kubectl/);
  });

  test("which starts in the meantime is asked", async () => {
    const adding = succeed(bed, launcher);
    await using _agent = await FakeAgent.answering(bed, () => tap0);
    assert.deepEqual(await adding, prevResultOf(launcher));
    assert.ok(await bed.link(namespace, "tap0"));
  });

  test("which restarts in the middle is asked again", async () => {
    let asked = 0;
    await using _agent = await FakeAgent.listen(bed, (_, connection) => {
      connection.end(asked++ === 0 ? "" : `${JSON.stringify({ version: 1, ...tap0 })}\n`);
    });
    await succeed(bed, launcher);
    assert.equal(asked, 2);
  });
});
