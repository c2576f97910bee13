import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { formatSizingRequest, parseSizingAnswer, type SizingAnswer } from "../../cni/sizing/protocol.ts";
import { agentBed, profileOf, until } from "../../test/agent/agent-bed.ts";
import { podObject, sizingRequest, vmiObject } from "../../test/agent/objects.ts";
import type { FakeCluster } from "../../test/fakes/fake-cluster.ts";
import { profilePath } from "./observed-profile.ts";

async function ask(directory: string): Promise<SizingAnswer> {
  const path = join(directory, "agent.sock");
  await until(() => existsSync(path));
  const socket = connect(path);
  socket.end(formatSizingRequest(sizingRequest()));
  let text = "";
  for await (const chunk of socket) text += chunk;
  return parseSizingAnswer(text);
}

function addVm(cluster: FakeCluster): void {
  cluster.put("/api/v1/namespaces/shop/pods/virt-launcher-win-x", podObject());
  cluster.put("/apis/kubevirt.io/v1/namespaces/shop/virtualmachineinstances/win", vmiObject());
}

test("the agent sizes a VM's tap and tells its owner", async (t) => {
  const { cluster, start, settled, dir, state } = agentBed(t);
  addVm(cluster);
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  const answer = await ask(dir("run"));
  assert.ok(answer.kind === "tap" && answer.queues === 4 && answer.tapName === "tap0", answer.why);
  const event = await until(() => cluster.events[0]);
  assert.equal(event["reason"], "QueuesPlanned");
  assert.match(String(event["note"]), /^8 -> 4 on network "default": node limit 4 by NodeNetworkConfig\/dense$/);
  assert.equal(state().attachments["0".repeat(32)].queues, 4);
});

test("the agent makes plugins wait while the API server is down", async (t) => {
  const { cluster, start, dir } = agentBed(t);
  cluster.goDown();
  start();
  const answer = await ask(dir("run"));
  assert.equal(answer.kind, "retry");
  assert.match(answer.why, /ECONNREFUSED/);
});

test("the agent sizes by the kernel alone where no profile exists", async (t) => {
  const { cluster, start, dir } = agentBed(t);
  addVm(cluster);
  start();
  const answer = await ask(dir("run"));
  assert.ok(answer.kind === "tap" && answer.queues === 8, answer.why);
});

test("the agent refuses above the limit with enforcement Required and no backend, and reports it once", async (t) => {
  const { cluster, start, settled, condition, dir } = agentBed(t, { hasSysctl: false });
  addVm(cluster);
  cluster.put(profilePath("n1"), profileOf(4, 1, "Required"));
  start();
  await settled(1);
  assert.deepEqual([condition("Applied")?.status, condition("Applied")?.reason], ["False", "EnforcementUnavailable"]);
  const answer = await ask(dir("run"));
  assert.ok(answer.kind === "refused" && answer.code === 115, answer.why);
  await until(() => cluster.events.find((event) => event["reason"] === "QueuesRefused"));
});

test("the agent takes its socket away when it ends, and touches nothing where another serves", async (t) => {
  const { cluster, start, settled, dir, sysctl, value } = agentBed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  const agent = start("--drift-interval=1h");
  await settled(1);
  writeFileSync(sysctl, "64\n");
  await assert.rejects(start("--drift-interval=1h").ended, /another agent answers/);
  assert.equal(value(), "64\n");
  await agent.end();
  assert.equal(existsSync(join(dir("run"), "agent.sock")), false);
});
