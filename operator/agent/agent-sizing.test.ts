import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { agentBed, profileOf, until } from "../../test/agent/agent-bed.ts";
import { addVm, askAgent } from "../../test/agent/ask-agent.ts";
import { profilePath } from "./observed-profile.ts";

test("the agent sizes a VM's tap and tells its owner", async (t) => {
  const { cluster, start, settled, dir, state } = agentBed(t);
  addVm(cluster);
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  const answer = await askAgent(dir("run"));
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
  const answer = await askAgent(dir("run"));
  assert.equal(answer.kind, "retry");
  assert.match(answer.why, /ECONNREFUSED/);
});

test("the agent sizes by the kernel alone where no profile exists", async (t) => {
  const { cluster, start, dir } = agentBed(t);
  addVm(cluster);
  start();
  const answer = await askAgent(dir("run"));
  assert.ok(answer.kind === "tap" && answer.queues === 8, answer.why);
});

test("the agent refuses above the limit with enforcement Required and no backend, and reports it once", async (t) => {
  const { cluster, start, settled, condition, dir } = agentBed(t, { hasSysctl: false });
  addVm(cluster);
  cluster.put(profilePath("n1"), profileOf(4, 1, "Required"));
  start();
  await settled(1);
  assert.deepEqual([condition("Applied")?.status, condition("Applied")?.reason], ["False", "EnforcementUnavailable"]);
  const answer = await askAgent(dir("run"));
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
