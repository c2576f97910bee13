import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeKernel } from "../../test/fakes/fake-kernel.ts";
import type { FakeNamespace } from "../../test/fakes/fake-namespace.ts";
import { FakeSyscalls } from "../../test/fakes/fake-syscalls.ts";
import { type AdoptEffects, adopt } from "./adopt.ts";
import { runAdopt } from "./run-adopt.ts";

const netns = "/run/netns/pod";
const POLLHUP = 0x10;

interface World {
  readonly kernel: FakeKernel;
  readonly sys: FakeSyscalls;
  readonly pod: FakeNamespace;
  readonly effects: AdoptEffects;
  /** What happens at the n-th wait; afterwards time passes. */
  readonly script: (() => void)[];
  readonly pauses: number[];
}

function world({ stdin = 0 } = {}): World {
  const kernel = new FakeKernel();
  const sys = new FakeSyscalls();
  const pod = kernel.addNamespace(netns);
  const [dev, ino] = pod.identity.split(":").map(Number);
  sys.statuses.set(netns, { dev: dev ?? 0, ino: ino ?? 0, mode: 0o100_444, size: 0 });
  const script: (() => void)[] = [];
  const pauses: number[] = [];
  kernel.onWait = (timeoutMs) => {
    pauses.push(timeoutMs);
    const step = script.shift();
    if (step === undefined) sys.nowMs += timeoutMs;
    else step();
  };
  const openLinkEditor = kernel.openLinkEditor.bind(kernel);
  const poll = (): number => stdin;
  const effects = { kernel, openLinkEditor, sys: { stat: sys.stat.bind(sys), poll, monotonicMs: () => sys.nowMs } };
  return { kernel, sys, pod, effects, script, pauses };
}

const options = { netns, taps: [{ name: "tap0", queues: 4 }], waitMs: 60_000 };

describe("adopt()", () => {
  it("adopts a tap that is there, alias first", () => {
    const { kernel, pod, effects } = world();
    const { index } = pod.addTap("tap0", { qdisc: "mq", isUp: true });
    const report = adopt(effects, options);
    assert.equal(report.ended, "done");
    assert.deepEqual(report.taps, [{ name: "tap0", queues: 4, outcome: "adopted", why: undefined, qdiscBefore: "mq" }]);
    assert.deepEqual(kernel.log.slice(-2), [`setAlias ${index}`, `setQdisc ${index}`]);
    assert.deepEqual([pod.find("tap0")?.alias, pod.find("tap0")?.qdisc], ["mqtap/1 q=4 m=adopted", "noqueue"]);
    assert.equal(kernel.openHandles, 0);
    assert.equal(adopt(effects, options).taps[0]?.outcome, "unchanged");
  });

  it("waits for each tap, and adopts those that are there meanwhile", () => {
    const { pod, effects, script } = world();
    pod.addTap("tap0");
    script.push(
      () => assert.equal(pod.find("tap0")?.alias, "mqtap/1 q=4 m=adopted"),
      () => void pod.addLink("eth1"),
      () => void pod.addTap("tap1"),
    );
    const taps = [...options.taps, { name: "tap1", queues: 2 }];
    const report = adopt(effects, { ...options, taps });
    assert.deepEqual([report.ended, report.taps.map(({ outcome }) => outcome)], ["done", ["adopted", "adopted"]]);
    assert.equal(pod.find("tap1")?.alias, "mqtap/1 q=2 m=adopted");
  });

  it("looks again soon while somebody is making the tap, and seldom otherwise", () => {
    const { pod, effects, script, pauses } = world();
    script.push(() => {
      const { index, tap } = pod.addTap("tap0");
      if (tap !== undefined) pod.change(index, { tap: { ...tap, isPersistent: false } });
      // From here on nothing is notified.
      script.push(() => {
        if (tap !== undefined) pod.change(index, { tap });
      });
    });
    assert.equal(adopt(effects, options).taps[0]?.outcome, "adopted");
    assert.deepEqual(pauses, [1000, 20]);
  });

  it("ends when the time is up, and says what it waited for", () => {
    const { sys, effects } = world();
    const { ended, taps } = adopt(effects, options);
    assert.deepEqual([ended, taps[0]?.outcome, taps[0]?.why], ["timeout", "missing", 'there is no "tap0"']);
    assert.equal(sys.nowMs, 60_000);
  });

  it("looks once where it shall not wait", () => {
    const { effects, pauses } = world();
    const { ended, taps } = adopt(effects, { ...options, waitMs: undefined });
    assert.deepEqual([ended, taps[0]?.outcome, pauses], ["done", "missing", []]);
  });

  const endings: Readonly<Record<string, (sys: FakeSyscalls) => void>> = {
    "its path is gone": (sys) => void sys.statuses.set(netns, { fails: "ENOENT" }),
    "its path is a plain file": (sys) => void sys.statuses.set(netns, { dev: 1, ino: 2, mode: 0o100_644, size: 0 }),
    "its folder is gone": (sys) => void sys.statuses.set(netns, { fails: "ENOTDIR" }),
  };
  for (const [sentence, end] of Object.entries(endings)) {
    it(`ends when the namespace is gone: ${sentence}`, () => {
      const { kernel, sys, effects, script } = world();
      script.push(() => end(sys));
      assert.equal(adopt(effects, options).ended, "gone");
      assert.equal(kernel.openHandles, 0);
    });
  }

  it("says so where there was no namespace from the beginning", () => {
    const { effects } = world();
    const { ended, taps } = adopt(effects, { ...options, netns: "/run/netns/other" });
    assert.deepEqual([ended, taps[0]?.why], ["gone", 'there is no namespace "/run/netns/other"']);
  });

  it("ends when whoever started it is gone, but does first what can be done", () => {
    const { pod, effects } = world({ stdin: POLLHUP });
    pod.addTap("tap0");
    const { ended, taps } = adopt(effects, { ...options, taps: [...options.taps, { name: "tap1", queues: 2 }] });
    assert.deepEqual([ended, taps.map(({ outcome }) => outcome)], ["abandoned", ["adopted", "missing"]]);
  });

  it("waits on for a tap that vanishes under its hands", () => {
    const { kernel, pod, effects, script } = world();
    const { index } = pod.addTap("tap0");
    kernel.failNext("setQdisc", "ENODEV", () => pod.remove(index));
    script.push(() => void pod.addTap("tap0"));
    assert.equal(adopt(effects, options).taps[0]?.outcome, "adopted");
  });

  it("tries again what the kernel refused, soon", () => {
    const { kernel, pod, effects, pauses } = world();
    pod.addTap("tap0", { qdisc: "mq", isUp: true });
    kernel.failNext("setAlias", "ENOMEM", () => kernel.failNext("setQdisc", "ENOMEM"));
    const { taps } = adopt(effects, options);
    assert.deepEqual([taps[0]?.outcome, taps[0]?.why], ["adopted", undefined]);
    assert.deepEqual([pod.find("tap0")?.alias, pod.find("tap0")?.qdisc], ["mqtap/1 q=4 m=adopted", "noqueue"]);
    // The second time at once: our own alias is news too.
    assert.deepEqual(pauses, [20]);
  });

  /** Every one of these requests. */
  const refuse = (kernel: FakeKernel, what: "setAlias" | "setQdisc"): void =>
    kernel.failNext(what, "EPERM", () => refuse(kernel, what));

  it("a tap whose alias the kernel refuses is not adopted, and the others are", () => {
    const here = world();
    here.pod.addTap("tap0", { qdisc: "mq" });
    here.pod.addTap("tap1", { qdisc: "noqueue", alias: "mqtap/1 q=2 m=adopted" });
    refuse(here.kernel, "setAlias");
    const { taps } = adopt(here.effects, { ...options, taps: [...options.taps, { name: "tap1", queues: 2 }] });
    assert.deepEqual(
      taps.map(({ outcome }) => outcome),
      ["failed", "unchanged"],
    );
    assert.match(taps[0]?.why ?? "", /EPERM/);
    assert.deepEqual([here.pod.find("tap0")?.alias, here.pod.find("tap0")?.qdisc], [undefined, "mq"]);
    assert.deepEqual(here.pauses, [20, 20, 20, 20]);
  });

  it("a tap that has its alias is adopted though the kernel refuses noqueue: its hook obeys the alias", () => {
    const here = world();
    here.pod.addTap("tap0", { qdisc: "mq" });
    refuse(here.kernel, "setQdisc");
    for (const waitMs of [options.waitMs, undefined]) {
      const [tap] = adopt(here.effects, { ...options, waitMs }).taps;
      assert.equal(tap?.outcome, "adopted");
      assert.match(tap?.why ?? "", /EPERM/);
      assert.equal(here.pod.find("tap0")?.alias, "mqtap/1 q=4 m=adopted");
    }
  });

  it("says that noqueue alone was refused", () => {
    const { kernel, pod, effects } = world();
    pod.addTap("tap0", { qdisc: "mq" });
    refuse(kernel, "setQdisc");
    const { ended, taps } = adopt(effects, { netns, taps: [{ name: "tap0", queues: undefined }], waitMs: undefined });
    assert.deepEqual([ended, taps[0]?.outcome], ["done", "failed"]);
    assert.match(taps[0]?.why ?? "", /EPERM/);
  });

  it("throws where the namespace cannot be listened to, with nothing left open", () => {
    const { kernel, effects } = world();
    kernel.failNext("openNamespace", "EPERM");
    const run = runAdopt(effects, ["--netns", netns, "--tap", "tap0=4"]);
    assert.deepEqual([run.stdout, run.exitStatus], ["", 1]);
    assert.match(
      run.stderr,
      /^mqtap: cannot adopt: .*EPERM.*: run it as root, with CAP_SYS_ADMIN and CAP_NET_ADMIN\n$/,
    );
    assert.equal(kernel.openHandles, 0);
  });
});

describe("runAdopt()", () => {
  it("says what is wrong with the words, in plain ASCII", () => {
    const { stdout, stderr, exitStatus } = runAdopt(world().effects, ["--netns", netns, "\u001b[31m"]);
    assert.deepEqual([stdout, exitStatus], ["", 2]);
    assert.match(stderr, /^mqtap: unknown word "\?\[31m"\nusage: /);
  });
});
