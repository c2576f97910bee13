import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { companion, FakeNode, launcher, netns, podArgs, prevResult, tap0 } from "../../test/fakes/fake-node.ts";
import type { Variables } from "../environment.ts";
import { nodeFilePath } from "../sizing/node-limit.ts";
import type { SizingAnswer } from "../sizing/protocol.ts";
import { parseAlias } from "../tap/alias.ts";

describe("ADD", () => {
  test("makes the tap in order, and reads nothing of it after persist", () => {
    const node = new FakeNode();
    node.succeed("ADD", { queues: 4, mtu: 1400 });
    assert.deepEqual(node.kernel.log, [
      `openNamespace ${netns}`,
      "findLink eth0",
      "createTap eth0",
      "setOwner",
      "setGroup",
      "setMtu",
      "setAlias",
      "setQdisc",
      "setUp",
      "persist",
    ]);
    const { tap, isUp, qdisc, mtuBytes, alias } = node.pod.find("eth0") ?? {};
    assert.deepEqual([tap?.owner, tap?.group, tap?.isMultiQueue, tap?.queues], [107, 107, true, 0]);
    assert.deepEqual([isUp, qdisc, mtuBytes, parseAlias(alias)?.queues], [true, "noqueue", 1400, 4]);
  });

  const steps = [
    "findLink",
    "createTap",
    "setOwner",
    "setGroup",
    "setMac",
    "setMtu",
    "setAlias",
    "setQdisc",
    "setMaster",
    "setUp",
    "persist",
  ] as const;
  for (const step of steps) {
    test(`leaves nothing when the kernel refuses ${step}`, () => {
      const node = new FakeNode();
      node.pod.addLink("br0", { kind: "bridge" });
      const conf = { mac: "02:00:00:00:00:aa", mtu: 1400, bridge: "br0" };
      node.kernel.failNext(step, "EPERM");
      const [code, msg] = node.fail("ADD", conf);
      assert.equal(code, 102);
      assert.match(msg, /EPERM/);
      assert.deepEqual(node.names(), ["lo", "br0"]);
      node.kernel.failNext(step, "ENOMEM");
      assert.equal(node.fail("ADD", conf)[0], 11);
      assert.deepEqual(node.names(), ["lo", "br0"]);
      node.succeed("ADD", conf);
    });
  }

  test("gives the tap the SELinux label that is asked for", () => {
    const node = new FakeNode();
    node.kernel.hasSelinux = true;
    node.succeed("ADD", { selinuxContext: "system_u:system_r:container_t:s0" });
    assert.ok(node.kernel.log.includes("createTap eth0 system_u:system_r:container_t:s0"));
  });

  test("refuses a label that the node's kernel does not take, and makes nothing", () => {
    const node = new FakeNode();
    assert.deepEqual(node.fail("ADD", { selinuxContext: "system_u:system_r:container_t:s0" }), [
      2,
      'unsupported field "selinuxContext": "system_u:system_r:container_t:s0": the node\'s kernel does not take this label ' +
        "(EINVAL): use one that the node's SELinux policy has, or remove the field where the node has no SELinux",
    ]);
    assert.deepEqual(node.names(), ["lo"]);
  });

  test("replaces no single-queue tap of its own that a program has open", () => {
    const node = new FakeNode();
    node.succeed("ADD");
    {
      using _queue = node.pod.attachQueues("eth0", { isMultiQueue: false, count: 1 });
      const [code, msg] = node.fail("ADD");
      assert.deepEqual([code, /a program has its queue open/.test(msg)], [100, true]);
    }
    node.succeed("ADD");
  });

  test("gives up on a name that another one takes at the last moment, and leaves it alone", () => {
    const node = new FakeNode();
    node.kernel.failNext("createTap", "EBUSY", () => node.pod.addLink("eth0"));
    assert.deepEqual(node.fail("ADD"), [
      100,
      'cannot make the tap "eth0": the pod has that interface already: it appeared meanwhile',
    ]);
    assert.equal(node.pod.find("eth0")?.kind, "dummy");
  });

  test("looks at the namespace before it asks or makes anything", () => {
    const node = new FakeNode();
    node.kernel.linkNamespace(netns, node.kernel.own);
    const [code, msg] = node.fail("ADD", { sizing: "vm" }, launcher);
    assert.equal(code, 8);
    assert.match(msg, /the plugin's own/);
    assert.deepEqual(node.kernel.log, [`openNamespace ${netns}`]);
    assert.equal(node.sys.questions.length, 0);
  });

  test("refuses bad input before it opens anything", () => {
    const node = new FakeNode();
    for (const conf of [{ queues: 0 }, { cniVersion: "0.2.0" }, { prevResult: 5 }]) node.fail("ADD", conf);
    node.fail("ADD", {}, { CNI_ARGS: "x" });
    node.fail("ADD", {}, { CNI_IFNAME: "a%d" });
    assert.deepEqual(node.kernel.log, []);
  });

  test("leaves nothing when its result cannot be written", () => {
    const node = new FakeNode();
    for (const prevResult of [{ interfaces: 5 }, { cniVersion: "0.2.0" }]) {
      assert.equal(node.fail("ADD", { prevResult })[0], 7);
      assert.deepEqual(node.names(), ["lo"]);
    }
  });

  test("does without its limit's files only where it may not read them", () => {
    const node = new FakeNode();
    node.sys.files.set(nodeFilePath, { fails: "EMFILE" });
    assert.equal(node.fail("ADD", { queues: 8 })[0], 11);
    node.sys.files.set(nodeFilePath, { fails: "EPERM" });
    node.succeed("ADD", { queues: 8 });
  });

  test("says that /dev/net/tun is missing", () => {
    const node = new FakeNode();
    node.kernel.hasTun = false;
    assert.deepEqual(node.fail("ADD"), [103, "cannot make a tap: /dev/net/tun is missing: load the tun module"]);
  });

  test("replaces its own leftover, but no tap that a program has open", () => {
    const node = new FakeNode();
    node.succeed("ADD", { queues: 4 });
    node.succeed("ADD", { queues: 2 });
    const first = node.pod.find("eth0");
    {
      using _queues = node.pod.attachQueues("eth0", { isMultiQueue: true, count: 2 });
      assert.equal(node.fail("ADD", { queues: 2 })[0], 100);
    }
    assert.equal(node.pod.find("eth0")?.index, first?.index);
  });
});

describe("a companion's ADD", () => {
  test("makes the tap with the pod interface's mtu and hands prevResult on", () => {
    const node = new FakeNode();
    node.pod.addLink("eth0", { mtuBytes: 1450 });
    node.answer(tap0);
    assert.equal(node.succeed("ADD", companion, launcher), `${JSON.stringify(prevResult)}\n`);
    const tap = node.pod.find("tap0");
    assert.equal(tap?.mtuBytes, 1450);
    assert.equal(parseAlias(tap?.alias)?.mode, "companion");
  });

  // Ordinary pods pass in silence: most of a node's pods are such.
  const passing: Record<string, { variables: Variables; prepare?: (node: FakeNode) => void; logged: RegExp }> = {
    "a pod that is no virtual machine's": { variables: podArgs("web"), logged: /^$/ },
    "a pod without a name": { variables: {}, logged: /^$/ },
    "a node where SELinux is enforcing": {
      variables: launcher,
      prepare: (node) => {
        node.kernel.isEnforcing = true;
      },
      logged: /SELinux is enforcing/,
    },
    "a pod for which the agent wants none": {
      variables: launcher,
      prepare: (node) => node.answer({ kind: "none", why: "it uses passt" }),
      logged: /it uses passt/,
    },
  };
  for (const [what, { variables, prepare, logged }] of Object.entries(passing)) {
    test(`passes ${what}`, () => {
      const node = new FakeNode();
      prepare?.(node);
      assert.equal(node.succeed("ADD", companion, variables), `${JSON.stringify(prevResult)}\n`);
      assert.deepEqual(node.names(), ["lo"]);
      assert.match(node.logged.join("\n"), logged);
      assert.equal(node.succeed("CHECK", { ...companion, mode: "companion" }, variables), "");
      assert.equal(node.succeed("DEL", companion, variables), "");
    });
  }

  const answers: Record<string, { answer: SizingAnswer; code: number }> = {
    "try later": { answer: { kind: "retry", why: "x" }, code: 11 },
    never: { answer: { kind: "refused", code: 113, why: "x" }, code: 113 },
    "a tap of an impossible name": {
      answer: { ...tap0, kind: "tap", tapName: "a%d", queues: 2, owner: 0, group: 0 },
      code: 11,
    },
  };
  for (const [what, { answer, code }] of Object.entries(answers)) {
    test(`fails with ${code} when the agent says "${what}"`, () => {
      const node = new FakeNode();
      node.answer(answer);
      assert.equal(node.fail("ADD", companion, launcher)[0], code);
      assert.deepEqual(node.names(), ["lo"]);
    });
  }

  test("fails with 11 when no agent is there within 5 seconds", () => {
    const node = new FakeNode();
    assert.equal(node.fail("ADD", companion, launcher)[0], 11);
    assert.equal(node.sys.nowMs, 5000);
  });
});
