import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeSyscalls } from "../../test/fakes/fake-syscalls.ts";
import { readTaps } from "./read-taps.ts";

const alias = (queues: number) => `mqtap/1 q=${queues} m=adopted\n`;

function put(sys: FakeSyscalls, name: string, files: { ifalias?: string; tun_flags?: string }): void {
  for (const [file, content] of Object.entries(files)) sys.files.set(`/sys/class/net/${name}/${file}`, content);
}

interface Event {
  readonly atMs: number;
  readonly happens: (sys: FakeSyscalls) => void;
}

/** Things happen at their time, while somebody waits. */
class ScheduledSyscalls extends FakeSyscalls {
  readonly #schedule: readonly Event[];
  sleeps = 0;

  constructor(schedule: readonly Event[]) {
    super();
    this.#schedule = schedule;
  }

  override sleep(ms: number): void {
    this.sleeps += 1;
    const before = this.nowMs;
    super.sleep(ms);
    for (const { atMs, happens } of this.#schedule) if (before < atMs && atMs <= this.nowMs) happens(this);
  }
}

test("readTaps() reads alias and bit at once, without waiting", () => {
  const sys = new FakeSyscalls();
  put(sys, "tap0", { ifalias: alias(4), tun_flags: "0x5902\n" });
  put(sys, "tap1", { ifalias: alias(1), tun_flags: "0x2802\n" });
  assert.deepEqual(
    [...readTaps(sys, new Set(["tap0", "tap1"]))],
    [
      ["tap0", { alias: { mode: "adopted", queues: 4 }, isMultiQueue: true }],
      ["tap1", { alias: { mode: "adopted", queues: 1 }, isMultiQueue: false }],
    ],
  );
  assert.deepEqual([sys.nowMs, sys.openCount], [0, 0]);
});

test("readTaps() does not wait for nothing", () => {
  const sys = new FakeSyscalls();
  assert.equal(readTaps(sys, new Set()).size, 0);
  assert.equal(sys.nowMs, 0);
});

test("readTaps() waits for taps and aliases that come later, and no longer than for the last of them", () => {
  const sys = new ScheduledSyscalls([
    { atMs: 300, happens: (sys) => put(sys, "tap0", { tun_flags: "0x1902\n" }) },
    { atMs: 500, happens: (sys) => put(sys, "tap1", { ifalias: alias(2), tun_flags: "0x1902\n" }) },
    { atMs: 900, happens: (sys) => put(sys, "tap0", { ifalias: alias(4) }) },
  ]);
  const taps = readTaps(sys, new Set(["tap0", "tap1"]));
  assert.deepEqual(
    ["tap0", "tap1"].map((name) => [taps.get(name)?.alias?.queues, taps.get(name)?.isMultiQueue]),
    [
      [4, true],
      [2, true],
    ],
  );
  assert.ok(sys.nowMs >= 900 && sys.nowMs <= 920, `it waited ${sys.nowMs} ms`);
});

test("readTaps() waits 2 seconds in all, and then takes what is there", () => {
  const sys = new ScheduledSyscalls([
    { atMs: 1999, happens: (sys) => put(sys, "tap2", { ifalias: alias(8), tun_flags: "0x1902\n" }) },
    { atMs: 2500, happens: (sys) => put(sys, "tap0", { ifalias: alias(4) }) },
  ]);
  put(sys, "tap1", { ifalias: "the pod's own\n", tun_flags: "0x1902\n" });
  const taps = readTaps(sys, new Set(["tap0", "tap1", "tap2"]));
  assert.deepEqual(
    [...taps.values()].map((tap) => [tap.alias?.queues, tap.isMultiQueue]),
    [
      [undefined, undefined],
      [undefined, true],
      [8, true],
    ],
  );
  assert.deepEqual([sys.nowMs, sys.sleeps, sys.openCount], [2000, 100, 0]);
});

test("readTaps() takes no alias that is not exactly ours", () => {
  for (const forged of ["mqtap/1 q=0 m=adopted", "mqtap/1 q=257 m=adopted", "mqtap/1 q=4 m=adopted x", "mqtap/2 q=4"]) {
    const sys = new FakeSyscalls();
    put(sys, "tap0", { ifalias: `${forged}\n`, tun_flags: "0x1902\n" });
    assert.equal(readTaps(sys, new Set(["tap0"])).get("tap0")?.alias, undefined, forged);
  }
});

test("readTaps() opens nothing outside the folder of links, and outlives files that fail", () => {
  const sys = new FakeSyscalls();
  sys.files.set("/sys/class/net/../../tap/ifalias", alias(4));
  sys.files.set("/sys/class/net/tap0/ifalias", { fails: "ENODEV" });
  sys.files.set("/sys/class/net/tap0/tun_flags", { fails: "EACCES" });
  put(sys, "tap1", { tun_flags: "none\n" });
  for (const name of ["../../tap", "..", "", "tap0", "tap1"]) {
    assert.deepEqual(readTaps(sys, new Set([name])).get(name), { alias: undefined, isMultiQueue: undefined }, name);
  }
});
