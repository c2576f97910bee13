import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { formatReport } from "../../cni/inspect/report.ts";
import { agentBed, profileOf, until } from "../../test/agent/agent-bed.ts";
import { addVm, askAgent } from "../../test/agent/ask-agent.ts";
import { aliasOf, idA, reportOf, tapOf } from "../../test/agent/taps.ts";
import { profilePath } from "./observed-profile.ts";

/** An agent whose plugin prints what the test says. */
function bed(t: TestContext) {
  const agent = agentBed(t);
  const { cluster, dir } = agent;
  addVm(cluster);
  cluster.put(profilePath("n1"), profileOf(4));
  const put = (name: string, text: string, mode: number): void => {
    writeFileSync(dir(`${name}.new`), text, { mode });
    renameSync(dir(`${name}.new`), dir(name));
  };
  const open = (queues: number): void => {
    const alias = aliasOf(idA);
    put("report", formatReport(reportOf([tapOf({ alias, attachedQueues: queues })])), 0o600);
    put("mqtap", `#!/bin/sh\nexec /bin/cat ${dir("report")}\n`, 0o700);
  };
  const flags = ["--inspect-interval=100ms", "--over-limit-interval=0s", "--health-port=0"];
  const overLimit = (): unknown => agent.status()?.["overLimit"];
  const plan = async () => {
    const answer = await askAgent(dir("run"), { attachmentId: idA });
    assert.ok(answer.kind === "tap" && answer.queues === 4, answer.why);
  };
  return { ...agent, open, overLimit, plan, start: () => agent.start(...flags) };
}

/** What the metrics of the agent that was started as number `start` say, by the port that it logged. */
async function metricsOf(lines: readonly string[], start = 0): Promise<string> {
  const line = await until(() => lines.filter((one) => one.includes("health server listens"))[start]);
  const { port } = JSON.parse(line) as { port: number };
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

test("the agent compares what a VM opened with what it planned, and reports it everywhere", async (t) => {
  const { cluster, settled, open, overLimit, plan, start, lines, state } = bed(t);
  start();
  await settled(1);
  await until(() => overLimit() === 0);
  await plan();
  open(8);
  const event = await until(() => cluster.events.find(({ reason }) => reason === "CapNotApplied"));
  assert.match(String(event["note"]), /^8 instead of 4 on network "default": /);
  await until(() => overLimit() === 1);
  const text = await metricsOf(lines);
  assert.match(text, /^mqtap_vms_over_limit 1$/m);
  assert.match(text, /^mqtap_inspections_total\{result="complete"\} \d+$/m);
  open(4);
  await until(() => overLimit() === 0);
  assert.deepEqual((await until(() => state().attachments[idA]?.said?.length === 2 && state().attachments[idA])).said, [
    "CapNotApplied",
    "QueuesCapped",
  ]);
});

test("the agent counts VMs anew when its node's limit changes", async (t) => {
  const { cluster, settled, open, overLimit, plan, start, status } = bed(t);
  open(4);
  start();
  await settled(1);
  await plan();
  await until(() => cluster.events.find(({ reason }) => reason === "QueuesCapped"));
  cluster.put(profilePath("n1"), { ...profileOf(2, 2), status: status() });
  await until(() => overLimit() === 1);
});

test("the agent keeps the count of VMs over the limit through its own restart", async (t) => {
  const { cluster, settled, open, overLimit, plan, start, lines } = bed(t);
  open(8);
  const first = start();
  await settled(1);
  await plan();
  await until(() => overLimit() === 1);
  await first.end();
  const patches = () => cluster.requests.filter(({ method }) => method === "PATCH");
  const before = patches().length;
  start();
  while (!/^mqtap_vms_over_limit 1$/m.test(await metricsOf(lines, 1))) await setImmediate();
  const written = patches()
    .slice(before)
    .map(({ body }) => (body as { status?: { overLimit?: unknown } }).status?.overLimit);
  assert.ok(
    written.every((count) => count === 1),
    JSON.stringify(written),
  );
  assert.equal(overLimit(), 1);
});
