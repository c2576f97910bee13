import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { SysctlTree } from "./sysctl-tree.ts";

const file = "net/tuntap/max_queues";

function place(t: TestContext) {
  const base = mkdtempSync(join(tmpdir(), "mqtap-sysctl-"));
  t.after(() => rmSync(base, { recursive: true }));
  const root = join(base, "sys");
  mkdirSync(join(root, "net/tuntap"), { recursive: true });
  return { base, root, tree: new SysctlTree(root), path: join(root, file) };
}

test("SysctlTree reads a value with its white space collapsed", (t) => {
  const { tree, path } = place(t);
  writeFileSync(path, " 4096\t87380   6291456\n\n");
  assert.deepEqual(tree.read(file), { kind: "value", value: "4096 87380 6291456" });
});

test("SysctlTree writes over a longer value, with the kernel's newline", (t) => {
  const { tree, path } = place(t);
  writeFileSync(path, "256\n");
  assert.deepEqual(tree.write(file, "4"), { kind: "written" });
  assert.equal(readFileSync(path, "utf8"), "4\n");
});

test("SysctlTree finds a missing key absent, and never makes one", (t) => {
  const { tree, path } = place(t);
  assert.deepEqual(tree.read(file), { kind: "absent" });
  assert.deepEqual(tree.write(file, "4"), { kind: "absent" });
  assert.deepEqual(tree.read("net/other/key"), { kind: "absent" });
  assert.equal(existsSync(path), false);
});

test("SysctlTree follows no symbolic link, neither of a file nor of a folder", (t) => {
  const { base, root, tree } = place(t);
  mkdirSync(join(base, "elsewhere"));
  writeFileSync(join(base, "elsewhere", "max_queues"), "256\n");
  symlinkSync(join(base, "elsewhere", "max_queues"), join(root, file));
  symlinkSync(join(base, "elsewhere"), join(root, "net/link"));
  assert.equal(tree.read(file).kind, "unreadable");
  assert.equal(tree.write(file, "4").kind, "refused");
  assert.equal(tree.read("net/link/max_queues").kind, "unreadable");
  assert.equal(tree.write("net/link/max_queues", "4").kind, "refused");
  assert.equal(readFileSync(join(base, "elsewhere", "max_queues"), "utf8"), "256\n");
});

test("SysctlTree tells a folder from a value", (t) => {
  const { tree } = place(t);
  assert.equal(tree.read("net/tuntap").kind, "unreadable");
});

test("SysctlTree reads a real sysctl", () => {
  const live = new SysctlTree("/proc/sys").read("net/core/netdev_budget");
  assert.ok(live.kind === "value" && /^\d+$/.test(live.value));
});
