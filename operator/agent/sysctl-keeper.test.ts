import assert from "node:assert/strict";
import { test } from "node:test";
import { Attempts } from "./attempts.ts";
import type { WantedKey } from "./desired.ts";
import { type AgentState, emptyState } from "./state.ts";
import { SysctlKeeper } from "./sysctl-keeper.ts";
import type { Live, Written } from "./sysctl-tree.ts";

const file = "net/tuntap/max_queues";
const minute = 60_000;
const wants = (value: string, onRemoval: "Restore" | "Retain" = "Restore"): WantedKey => ({ value, onRemoval });

/** A sysctl file that behaves as a kernel's may. */
class FakeSysctl {
  value: string | undefined = "256";
  written: string[] = [];
  refusal: Written | undefined;
  clamp = (value: string): string => value;
  readonly path = (name: string): string => `/proc/sys/${name}`;
  read(): Live {
    return this.value === undefined ? { kind: "absent" } : { kind: "value", value: this.value };
  }
  write(_file: string, value: string): Written {
    if (this.value === undefined) return { kind: "absent" };
    this.written.push(value);
    if (this.refusal !== undefined) return this.refusal;
    this.value = this.clamp(value);
    return { kind: "written" };
  }
}

function bed() {
  const tree = new FakeSysctl();
  const time = { ms: 0 };
  const disk = {
    state: emptyState("b1"),
    isFull: false,
    saves: [] as (string | null | undefined)[],
    change(change: (state: AgentState) => AgentState): Promise<void> {
      if (this.isFull) return Promise.reject(new Error("ENOSPC: no space left on device"));
      this.state = change(this.state);
      this.saves.push(this.state.keys[file]?.original);
      return Promise.resolve();
    },
  };
  const begin = (bootId = "b1"): SysctlKeeper =>
    new SysctlKeeper({ tree, store: disk, attempts: new Attempts(), bootId, monotonicMs: () => time.ms });
  return { tree, time, disk, begin, keeper: begin() };
}

test("SysctlKeeper saves the original, writes once, reads back, and gives it back at the end", async () => {
  const { tree, disk, keeper } = bed();
  const first = await keeper.keep(file, wants("4"));
  assert.deepEqual([first.state, first.observed, first.original], ["Applied", "4", "256"]);
  await keeper.keep(file, wants("4"));
  await keeper.keep(file, wants("2"));
  assert.deepEqual(tree.written, ["4", "2"]);
  assert.equal(disk.saves[0], "256");
  const last = await keeper.keep(file, undefined);
  assert.deepEqual([last.state, last.problem, tree.value], [undefined, undefined, "256"]);
  assert.deepEqual(disk.state.keys, {});
});

test("SysctlKeeper restores after a restart of the agent, and nothing after a reboot", async () => {
  const { tree, disk, keeper, begin } = bed();
  await keeper.keep(file, wants("4"));
  await begin().keep(file, undefined);
  assert.equal(tree.value, "256");
  await begin().keep(file, wants("4"));
  tree.value = "4";
  await begin("b2").keep(file, undefined);
  assert.equal(tree.value, "4");
  assert.deepEqual(disk.state.keys, {});
});

test("SysctlKeeper leaves the value with Retain", async () => {
  const { tree, disk, keeper } = bed();
  await keeper.keep(file, wants("4", "Retain"));
  await keeper.keep(file, undefined);
  assert.equal(tree.value, "4");
  assert.deepEqual(disk.state.keys, {});
});

test("SysctlKeeper leaves alone what someone else has changed, and says so once", async () => {
  const { tree, keeper } = bed();
  await keeper.keep(file, wants("4"));
  tree.value = "9";
  assert.match((await keeper.keep(file, undefined)).notice ?? "", /left at 9: someone else/);
  assert.equal(tree.value, "9");
  assert.equal((await keeper.keep(file, undefined)).notice, undefined);
});

test("SysctlKeeper reports a clamped value, does not write it again, and restores over it", async () => {
  const { tree, keeper } = bed();
  tree.clamp = (value) => (value === "4" ? "8" : value);
  for (let turn = 0; turn < 5; turn += 1) {
    const report = await keeper.keep(file, wants("4"));
    assert.deepEqual([report.state, report.observed, report.problem?.reason], ["Failed", "8", "ReadBackMismatch"]);
  }
  assert.deepEqual(tree.written, ["4"]);
  await keeper.keep(file, undefined);
  assert.equal(tree.value, "256");
});

test("SysctlKeeper reports a read-only file and does not try for ever", async () => {
  const { tree, keeper } = bed();
  tree.refusal = { kind: "readOnly", message: "EROFS: read-only file system" };
  for (let turn = 0; turn < 10; turn += 1) {
    const report = await keeper.keep(file, wants("4"));
    assert.deepEqual([report.state, report.problem?.reason], ["Failed", "SysctlReadOnly"]);
    assert.match(report.problem?.message ?? "", /mount it read-write/);
  }
  assert.equal(tree.written.length, 4);
});

test("SysctlKeeper writes again when a read-only file has become writable", async () => {
  const { tree, time, keeper } = bed();
  tree.refusal = { kind: "readOnly", message: "EROFS: read-only file system" };
  await keeper.keep(file, wants("4"));
  tree.refusal = undefined;
  time.ms += minute;
  assert.equal((await keeper.keep(file, wants("4"))).state, "Applied");
  assert.equal(tree.value, "4");
});

test("SysctlKeeper reports a value that the kernel refuses", async () => {
  const { tree, keeper } = bed();
  tree.refusal = { kind: "refused", message: "EINVAL: invalid argument" };
  const report = await keeper.keep(file, wants("4"));
  assert.deepEqual([report.state, report.problem?.reason, report.observed], ["Failed", "ValueRefused", "256"]);
});

test("SysctlKeeper finds an absent key unsupported, also when it vanishes later", async () => {
  const { tree, keeper } = bed();
  await keeper.keep(file, wants("4"));
  tree.value = undefined;
  const report = await keeper.keep(file, wants("4"));
  assert.deepEqual([report.state, report.observed, report.problem], ["Unsupported", undefined, undefined]);
  const removed = await keeper.keep(file, undefined);
  assert.deepEqual([removed.state, removed.problem], [undefined, undefined]);
});

test("SysctlKeeper repairs drift three times in ten minutes, then yields and says so", async () => {
  const { tree, time, keeper } = bed();
  await keeper.keep(file, wants("4"));
  const drift = async () => {
    tree.value = "64";
    time.ms += minute;
    return (await keeper.keep(file, wants("4"))).state;
  };
  assert.deepEqual(
    [await drift(), await drift(), await drift(), await drift()],
    ["Applied", "Applied", "Applied", "Overridden"],
  );
  assert.equal(tree.value, "64");
  const report = await keeper.keep(file, wants("4"));
  assert.equal(report.observed, "64");
  assert.match(report.problem?.message ?? "", /wanted 4, observed 64/);
  time.ms += 10 * minute;
  assert.equal((await keeper.keep(file, wants("4"))).state, "Overridden");
  assert.equal(tree.value, "4");
  assert.equal((await keeper.keep(file, wants("4"))).state, "Applied");
});

test("SysctlKeeper writes nothing when the original cannot be saved", async () => {
  const { tree, disk, keeper } = bed();
  disk.isFull = true;
  const report = await keeper.keep(file, wants("4"));
  assert.deepEqual([report.state, report.problem?.reason, tree.value], ["Failed", "StateNotSaved", "256"]);
  assert.deepEqual(tree.written, []);
});

test("SysctlKeeper restores nothing when originals were lost, and says so", async () => {
  const { tree, disk, keeper } = bed();
  disk.state = emptyState("b1", "b1");
  tree.value = "4";
  await keeper.keep(file, wants("2"));
  assert.equal(tree.value, "2");
  const report = await keeper.keep(file, undefined);
  assert.equal(tree.value, "2");
  assert.match(report.notice ?? "", /not known any more/);
});

test("SysctlKeeper reports a restore that fails and tries it again", async () => {
  const { tree, keeper } = bed();
  await keeper.keep(file, wants("4"));
  tree.refusal = { kind: "readOnly", message: "EROFS" };
  const report = await keeper.keep(file, undefined);
  assert.deepEqual([report.state, report.problem?.reason], ["Failed", "RestoreFailed"]);
  tree.refusal = undefined;
  await keeper.keep(file, undefined);
  assert.equal(tree.value, "256");
});
