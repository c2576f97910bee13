import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { agentBed, profileOf, tuntapSysctl, until } from "../../test/agent/agent-bed.ts";
import { profilePath } from "./observed-profile.ts";

test("the agent applies its profile, reports it, follows a change, and gives back what was there", async (t) => {
  const { cluster, start, settled, status, condition, value, dir, state } = agentBed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  assert.equal(value(), "4\n");
  assert.deepEqual(status()?.["tuntap"], { maxQueues: 4, enforcedBy: "Sysctl", kernelLimit: 4, original: 256 });
  assert.equal(condition("Applied")?.status, "True");
  assert.deepEqual(JSON.parse(readFileSync(join(dir("lib"), "node.json"), "utf8")), {
    maxQueues: 4,
    source: "NodeNetworkConfig/dense",
    sysctlPath: join(dir("sys"), tuntapSysctl),
  });
  cluster.put(profilePath("n1"), { ...profileOf(2, 2), status: status() });
  await settled(2);
  assert.equal(value(), "2\n");
  cluster.put(profilePath("n1"), { ...profileOf(undefined, 3), status: status() });
  await settled(3);
  assert.equal(value(), "256\n");
  assert.equal(condition("Applied")?.reason, "NothingToApply");
  assert.deepEqual(state().keys, {});
  assert.equal(JSON.parse(readFileSync(join(dir("lib"), "node.json"), "utf8")).maxQueues, 256);
});

test("the agent calls the limit advisory on a kernel without the sysctl, and makes no file", async (t) => {
  const { cluster, start, settled, status, sysctl } = agentBed(t, { hasSysctl: false });
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  assert.deepEqual(status()?.["tuntap"], { maxQueues: 4, enforcedBy: "Advisory", kernelLimit: 256, original: null });
  assert.equal(existsSync(sysctl), false);
});

test("the agent repairs drift", async (t) => {
  const { cluster, start, settled, value, sysctl } = agentBed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  writeFileSync(sysctl, "64\n");
  await until(() => value() === "4\n");
});

test("the agent applies what it applied last before the API server answers, and restores after a restart", async (t) => {
  const { cluster, start, settled, value, sysctl, status } = agentBed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  const first = start();
  await settled(1);
  await first.end();
  assert.equal(value(), "4\n");
  writeFileSync(sysctl, "200\n");
  cluster.goDown();
  start();
  await until(() => value() === "4\n");
  cluster.comeBack();
  cluster.put(profilePath("n1"), { ...profileOf(undefined, 2), status: status() });
  await settled(2);
  assert.equal(value(), "256\n");
});

test("the agent changes nothing when its profile goes away", async (t) => {
  const { cluster, start, settled, value, lines } = agentBed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  cluster.delete(profilePath("n1"));
  await until(() => lines.some((line) => line.includes("profile has gone")));
  assert.equal(value(), "4\n");
});

test("the agent says that it cannot read a profile, and keeps what was applied last", async (t) => {
  const { cluster, start, settled, condition, value, status } = agentBed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  cluster.put(profilePath("n1"), { ...profileOf(1, 2), status: status() });
  await settled(2);
  assert.deepEqual([condition("Applied")?.status, condition("Applied")?.reason], ["False", "ProfileInvalid"]);
  assert.equal(value(), "4\n");
});

test("the agent sets a corrupt state aside, says so, and restores nothing it does not know", async (t) => {
  const { cluster, start, settled, condition, value, dir, status, sysctl } = agentBed(t);
  mkdirSync(dir("lib"));
  writeFileSync(join(dir("lib"), "state.json"), "{");
  writeFileSync(join(dir("lib"), "node.json"), "{");
  writeFileSync(sysctl, "4\n");
  cluster.put(profilePath("n1"), profileOf(2));
  start();
  await settled(1);
  assert.deepEqual([condition("Degraded")?.status, condition("Degraded")?.reason], ["True", "StateFileCorrupt"]);
  assert.equal(condition("Applied")?.status, "True");
  cluster.put(profilePath("n1"), { ...profileOf(undefined, 2), status: status() });
  await settled(2);
  assert.equal(value(), "2\n");
  const aside = readdirSync(dir("lib")).find((name) => name.startsWith("state.json.corrupt-"));
  rmSync(join(dir("lib"), aside ?? ""));
  await until(() => condition("Degraded")?.status === "False");
});

test("the agent reports a missing tun device and a kernel limit below 2", async (t) => {
  const { cluster, start, settled, condition, sysctl } = agentBed(t);
  writeFileSync(sysctl, "1\n");
  cluster.put(profilePath("n1"), profileOf(undefined));
  start("--tun-device=/nonexistent/tun");
  await settled(1);
  assert.equal(condition("Degraded")?.reason, "TunDeviceMissing");
  assert.match(condition("Degraded")?.message ?? "", /load the kernel module tun.*max_queues is 1/);
  assert.equal(condition("Applied")?.status, "True");
});

test("the agent reports a kernel without multiqueue taps, as its plugin found out", async (t) => {
  const { cluster, start, settled, condition, dir } = agentBed(t);
  const report = { version: 1, tun: { isPresent: true, hasMultiQueue: false }, taps: [], failures: [] };
  writeFileSync(dir("mqtap"), `#!/bin/sh\necho '${JSON.stringify(report)}'\n`, { mode: 0o755 });
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  assert.deepEqual([condition("Degraded")?.status, condition("Degraded")?.reason], ["True", "KernelWithoutMultiQueue"]);
  assert.match(condition("Degraded")?.message ?? "", /IFF_MULTI_QUEUE.*update the kernel/);
  assert.equal(condition("Applied")?.status, "True");
});

test("the agent writes its status only when there is something new in it", async (t) => {
  const { cluster, start, settled, value, sysctl } = agentBed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  for (const drifted of ["64\n", "65\n", "66\n"]) {
    writeFileSync(sysctl, drifted);
    await until(() => value() === "4\n");
  }
  assert.equal(cluster.requests.filter(({ method }) => method === "PATCH").length, 1);
});
