import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { adopterBed, podPath, vmiPath } from "../../../test/agent/adopter-bed.ts";
import { nodeLimits, podObject, type VmiShape, vmiObject } from "../../../test/agent/objects.ts";
import { cacheEntry } from "../../../test/fakes/fake-cache-directory.ts";
import type { ProgramResult } from "../run-program.ts";

const waits = "--wait --timeout 10m";
const running = {
  phase: "Running",
  nodeName: "n1",
  interfaces: [{ name: "default", infoSource: "domain", queueCount: 8 }],
};
const runningPod = { ...podObject(), status: { phase: "Running" } };
const two = {
  interfaces: [{ name: "default" }, { name: "blue", bridge: {} }],
  networks: [
    { name: "default", pod: {} },
    { name: "blue", multus: { networkName: "blue" } },
  ],
};
const blueTap = `tap${createHash("sha256").update("blue").digest("hex").slice(0, 11)}`;

describe("Adopter", () => {
  test("decides as for an ADD, remembers it, runs the plugin, and tells the owner once the tap is adopted", async (t) => {
    const { addVm, startPod, words, report, attachments, events, world } = adopterBed(t);
    addVm();
    await startPod();
    assert.equal(words(), `--netns /run/netns/c1 --tap tap0=4 ${waits}`);
    const [attachment] = attachments();
    assert.ok(attachment !== undefined);
    const { podUid, network, tapName, wanted, queues, isAdopted, netns } = attachment;
    assert.deepEqual([podUid, network, tapName, wanted, queues], ["p1", "default", "tap0", 8, 4]);
    assert.deepEqual([isAdopted, netns, world.planned, events], [true, "/run/netns/c1", 1, []]);
    await report("done", { tap0: "adopted" });
    assert.deepEqual(
      events.map(({ reason, type, note }) => [reason, type, note]),
      [
        [
          "QueuesPlanned",
          "Normal",
          '8 -> 4 on network "default": node limit 4 by none; KubeVirt makes the tap and mqtap adopts it',
        ],
      ],
    );
  });

  test("asks for every NIC of several queues that the plugin did not ask for", async (t) => {
    const { addVm, startPod, words, attachments, world } = adopterBed(t);
    addVm(two);
    const known = {
      podUid: "p1",
      pod: "",
      vmi: "",
      vmiUid: "",
      tapName: "tap0",
      wanted: 8,
      queues: 4,
      why: "",
      at: "",
    };
    world.state = { ...world.state, attachments: { companion: { ...known, network: "default" } } };
    await startPod();
    assert.equal(words(), `--netns /run/netns/c1 --tap ${blueTap}=4 ${waits}`);
    assert.equal(attachments().length, 2);
  });

  const nothing: Readonly<Record<string, readonly [shape: VmiShape, pod?: object]>> = {
    "multiqueue is off": [{ isMultiqueue: false }],
    "the VM has one vCPU": [{ cores: 1 }],
    "the only NIC is SR-IOV": [{ interfaces: [{ name: "default", sriov: {} }] }],
    "the only NIC is an e1000": [{ interfaces: [{ name: "default", model: "e1000" }] }],
    "the NIC has no network": [{ networks: [] }],
    "the pod has ended": [{}, { ...podObject(), status: { phase: "Succeeded" } }],
    "the pod is another node's": [{}, podObject({ node: "n2" })],
    "the pod has been replaced": [{}, { ...podObject(), metadata: { ...podObject().metadata, uid: "p2" } }],
    "no VM controls the pod": [{}, { ...podObject(), metadata: { ...podObject().metadata, ownerReferences: [] } }],
    "the VM runs already": [{ status: running }, runningPod],
  };
  for (const [why, [shape, pod]] of Object.entries(nothing)) {
    test(`does nothing where ${why}`, async (t) => {
      const { addVm, startPod, runs, attachments, events } = adopterBed(t);
      addVm(shape, pod);
      await startPod();
      assert.deepEqual([runs.length, attachments(), events], [0, [], []]);
    });
  }

  test("a running VM's tap gets noqueue where that is switched on, and nobody is told of queues", async (t) => {
    const { addVm, startPod, words, report, attachments, events } = adopterBed(t, { adoptRunning: true });
    addVm({ status: running }, runningPod);
    await startPod();
    assert.equal(words(), "--netns /run/netns/c1 --tap tap0 --noqueue-only");
    await report("done", { tap0: "adopted" });
    assert.deepEqual([attachments(), events], [[], []]);
  });

  test("a launcher that runs before its VM does still gets the capped number", async (t) => {
    const { addVm, startPod, words } = adopterBed(t);
    addVm({}, runningPod);
    await startPod();
    assert.equal(words(), `--netns /run/netns/c1 --tap tap0=4 ${waits}`);
  });

  test("a NIC that is plugged into a running VM keeps KubeVirt's number", async (t) => {
    const { addVm, startPod, words, report, events } = adopterBed(t);
    addVm({ ...two, status: running }, runningPod);
    await startPod();
    assert.equal(words(), `--netns /run/netns/c1 --tap ${blueTap}=8 ${waits}`);
    await report("done", { [blueTap]: "adopted" });
    assert.match(events[0]?.note ?? "", /hotplugged.*adopts it/);
  });

  test("a migration target gets the count that its VM runs with, though the VM's status says Running", async (t) => {
    const { addVm, startPod, words } = adopterBed(t);
    const metadata = { ...runningPod.metadata, labels: { "kubevirt.io/migrationJobUID": "m1" } };
    addVm({ cores: 4, status: { ...running, nodeName: "n0" } }, { ...runningPod, metadata });
    await startPod();
    assert.equal(words(), `--netns /run/netns/c1 --tap tap0=8 ${waits}`);
  });

  test("enforcement Required cannot refuse the tap: that is said", async (t) => {
    const limits = nodeLimits({ maxQueues: 4, enforcement: "Required" });
    const { addVm, startPod, words, report, events } = adopterBed(t, { limits });
    addVm();
    await startPod();
    assert.equal(words(), `--netns /run/netns/c1 --tap tap0=4 ${waits}`);
    await report("done", { tap0: "adopted" });
    assert.deepEqual([events[0]?.reason, events[0]?.type], ["QueuesPlanned", "Warning"]);
    assert.match(events[0]?.note ?? "", /adopts it, so enforcement Required is advisory here$/);
  });

  test("a shaped tap is told once, and not tried again by the next entry", async (t) => {
    const { addVm, startPod, report, attachments, events, runs, directory, settle, metrics } = adopterBed(t);
    addVm();
    await startPod();
    await report("done", { tap0: "shaped" });
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ["TapNotAdopted"],
    );
    assert.equal(attachments()[0]?.queues, 8);
    directory.write("blue-c1-pod1", cacheEntry({ ifName: "pod1" }));
    await settle();
    assert.deepEqual([runs.length, events.length], [1, 1]);
    assert.match(metrics.render(), /^mqtap_adoptions_total\{outcome="shaped"\} 1$/m);
  });

  test("a tap that the plugin made after all is not kept in mind", async (t) => {
    const { addVm, startPod, report, attachments, events } = adopterBed(t);
    addVm();
    await startPod();
    await report("done", { tap0: "owned" });
    assert.deepEqual([attachments(), events], [[], []]);
  });

  test("a tap that the plugin asks for later is the plugin's, whatever became of the wait for it", async (t) => {
    const { addVm, startPod, runs, attachments, clock, settle, world } = adopterBed(t);
    addVm();
    await startPod();
    const [adopted] = attachments();
    assert.ok(adopted !== undefined);
    const { isAdopted: _, netns: __, ...companion } = adopted;
    world.state = { ...world.state, attachments: { ...world.state.attachments, companion } };
    runs.at(-1)?.end({ kind: "absent" });
    await settle();
    await clock.advance(5_000);
    assert.deepEqual([attachments(), runs.length], [[companion], 1]);
  });

  test("after ten minutes without a tap it looks at the pod again, and waits on", async (t) => {
    const { addVm, startPod, report, runs, clock, transport } = adopterBed(t);
    addVm();
    await startPod();
    await report("timeout", { tap0: "missing" });
    await clock.advance(1_000);
    assert.equal(runs.length, 2);
    transport.put(podPath, { ...podObject(), status: { phase: "Failed" } });
    await report("timeout", { tap0: "missing" });
    await clock.advance(60_000);
    assert.equal(runs.length, 2);
  });

  test("a number that was decided stays, also when the node allows less by now", async (t) => {
    const { addVm, startPod, report, words, clock, world } = adopterBed(t);
    addVm();
    await startPod();
    world.limits = nodeLimits({ maxQueues: 2 });
    await report("timeout", { tap0: "missing" });
    await clock.advance(1_000);
    assert.equal(words(), `--netns /run/netns/c1 --tap tap0=4 ${waits}`);
  });

  const crashes: Readonly<Record<string, ProgramResult>> = {
    "is killed": { kind: "failed", why: "it was killed by SIGKILL" },
    "ends with an error": { kind: "ended", status: 1, stdout: "", stderr: "mqtap: cannot adopt: EPERM" },
    "prints what is no report": { kind: "ended", status: 0, stdout: "{}", stderr: "" },
    "prints nothing": { kind: "ended", status: 0, stdout: "", stderr: "" },
    "is not installed": { kind: "absent" },
  };
  for (const [what, result] of Object.entries(crashes)) {
    test(`a plugin that ${what} is run again, ever more slowly but every few seconds`, async (t) => {
      const { addVm, startPod, runs, clock, settle, lines } = adopterBed(t);
      addVm();
      await startPod();
      for (let tries = 1; tries <= 6; tries += 1) {
        assert.equal(runs.length, tries);
        runs.at(-1)?.end(result);
        await settle();
        assert.equal(runs.length, tries, "not at once");
        await clock.advance(5_000);
      }
      assert.equal(lines.filter(({ msg }) => msg === "cannot adopt taps yet").length, 6);
    });
  }

  test("an API server that does not answer is asked again", async (t) => {
    const { addVm, startPod, runs, clock, transport } = adopterBed(t);
    addVm();
    transport.goDown();
    await startPod();
    await clock.advance(60_000);
    assert.equal(runs.length, 0);
    transport.comeBack();
    await clock.advance(5_000);
    assert.equal(runs.length, 1);
  });

  test("an agent that does not know the limits yet decides nothing", async (t) => {
    const { addVm, startPod, runs, clock, world, attachments } = adopterBed(t);
    world.limits = undefined;
    addVm();
    await startPod();
    await clock.advance(5_000);
    assert.deepEqual([runs.length, attachments()], [0, []]);
    world.limits = nodeLimits({ maxQueues: 2 });
    await clock.advance(5_000);
    assert.equal(runs.length, 1);
  });

  for (const adoptRunning of [true, false]) {
    test(`a VM that began while nobody waited gets noqueue ${adoptRunning ? "where that is switched on" : "never"}`, async (t) => {
      const { addVm, startPod, report, runs, words, clock } = adopterBed(t, { adoptRunning });
      addVm();
      await startPod();
      addVm({ status: running }, runningPod);
      await report("abandoned", { tap0: "missing" });
      await clock.advance(1_000);
      assert.equal(runs.length, adoptRunning ? 2 : 1);
      if (adoptRunning) assert.equal(words(), "--netns /run/netns/c1 --tap tap0 --noqueue-only");
    });
  }

  test("a migration target without any status gets KubeVirt's count, and a lower limit is reported", async (t) => {
    const { addVm, startPod, words, report, events } = adopterBed(t);
    const metadata = { ...runningPod.metadata, labels: { "kubevirt.io/migrationJobUID": "m1" } };
    addVm({}, { ...runningPod, metadata });
    await startPod();
    assert.equal(words(), `--netns /run/netns/c1 --tap tap0=8 ${waits}`);
    await report("done", { tap0: "adopted" });
    assert.deepEqual([events[0]?.type, events[0]?.reason], ["Warning", "QueuesPlanned"]);
    assert.match(events[0]?.note ?? "", /advisory: migration target, so the node limit of 4 cannot be applied/);
  });

  test("the wait ends with the sandbox, for good", async (t) => {
    const { addVm, startPod, runs, directory, clock, events } = adopterBed(t);
    addVm();
    await startPod();
    directory.remove("net-c1-eth0");
    await clock.advance(60_000);
    assert.equal(runs.length, 1);
    assert.equal(runs[0]?.call.signal.aborted, true);
    assert.deepEqual(events, []);
  });

  test("thirty-two plugins wait at once, and the next as soon as one ends", async (t) => {
    const { addVm, directory, runs, settle, report, metrics } = adopterBed(t);
    addVm();
    await settle();
    for (let at = 0; at < 40; at += 1) directory.write(`net-c${at}-eth0`, cacheEntry({ containerId: `c${at}` }));
    for (let turns = 0; turns < 40; turns += 1) await settle();
    assert.equal(runs.length, 32);
    assert.match(metrics.render(), /^mqtap_adoptions_waiting 32$/m);
    await report("gone", { tap0: "missing" });
    assert.equal(runs.length, 33);
  });

  test("an object that is malformed stops nothing", async (t) => {
    const { startPod, transport, runs, clock } = adopterBed(t);
    transport.put(podPath, podObject());
    transport.put(vmiPath, { ...vmiObject(), spec: "none" });
    await startPod();
    await clock.advance(60_000);
    assert.equal(runs.length, 0);
  });
});
