import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { formatSizingRequest, parseSizingAnswer, type SizingAnswer } from "../../cni/sizing/protocol.ts";
import { FakeCluster } from "../../test/fakes/fake-cluster.ts";
import { systemClock } from "../kube/clock.ts";
import { createLog } from "../kube/log.ts";
import { runAgent } from "./agent.ts";
import { profilePath } from "./observed-profile.ts";
import { parseFlags } from "./options.ts";

const tuntapSysctl = "net/tuntap/max_queues";
const source = { config: "dense", keys: ["tuntap.maxQueues"], generation: 1 };

function profileOf(maxQueues: number | undefined, generation = 1, enforcement = "BestEffort") {
  const tuntap = maxQueues === undefined ? {} : { tuntap: { maxQueues, enforcement, onRemoval: "Restore" } };
  const sources = maxQueues === undefined ? [] : [source];
  return {
    apiVersion: "mqtap.io/v1alpha1",
    kind: "NodeNetworkProfile",
    metadata: { name: "n1", uid: "profile-1", generation },
    spec: { ...tuntap, sysctls: [], sources, hash: `hash-${maxQueues}` },
  };
}

/** Waits for what other tasks bring about; the test runner's own time limit ends it when they do not. */
async function until<T>(look: () => T | undefined | false): Promise<T> {
  while (true) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await setImmediate();
  }
}

function bed(t: TestContext, { hasSysctl = true } = {}) {
  const root = mkdtempSync(join(tmpdir(), "mqtap-agent-"));
  const ends: (() => Promise<void>)[] = [];
  t.after(async () => {
    await Promise.allSettled(ends.map((end) => end()));
    rmSync(root, { recursive: true });
  });
  const sysctl = join(root, "sys", tuntapSysctl);
  mkdirSync(dirname(sysctl), { recursive: true });
  if (hasSysctl) writeFileSync(sysctl, "256\n");
  const bootIdFile = join(root, "boot_id");
  writeFileSync(bootIdFile, "boot-1\n");
  const cluster = new FakeCluster();
  const lines: string[] = [];
  const dir = (name: string): string => join(root, name);

  const start = (...more: string[]) => {
    const flags = parseFlags(
      [
        ...["--node-name=n1", "--drift-interval=100ms", `--run-dir=${dir("run")}`, `--state-dir=${dir("lib")}`],
        ...[`--sysctl-root=${dir("sys")}`, `--boot-id-file=${bootIdFile}`, ...more],
      ],
      { server: "https://unused", caFile: "/unused", tokenFile: "/unused" },
    );
    assert.ok(flags !== "help");
    const stop = new AbortController();
    const log = createLog({ write: (line) => void lines.push(line), clock: systemClock });
    const surroundings = { transport: cluster, clock: systemClock, random: () => 0.5, log, signal: stop.signal };
    const ended = runAgent(flags, surroundings);
    const end = async (): Promise<void> => {
      stop.abort();
      await ended;
    };
    ends.push(end);
    return { end, ended };
  };

  const status = () => cluster.get(profilePath("n1"))?.["status"] as Readonly<Record<string, unknown>> | undefined;
  const condition = (type: string) =>
    ((status()?.["conditions"] ?? []) as { type: string; status: string; reason: string }[]).find(
      (candidate) => candidate.type === type,
    );
  const settled = (generation: number) => until(() => status()?.["observedGeneration"] === generation);
  const value = (): string => readFileSync(sysctl, "utf8");
  const state = () => JSON.parse(readFileSync(join(root, "lib/state.json"), "utf8"));
  return { root, dir, sysctl, cluster, lines, start, status, condition, settled, value, state };
}

async function ask(directory: string): Promise<SizingAnswer> {
  const path = join(directory, "agent.sock");
  await until(() => existsSync(path));
  const socket = connect(path);
  const request = {
    version: 1,
    mode: "companion",
    podNamespace: "shop",
    podName: "virt-launcher-win-x",
    podUid: "p1",
    ifName: "eth0",
    network: "bed",
    attachmentId: "0".repeat(32),
    logicNetworkName: undefined,
    maxQueues: undefined,
  } as const;
  socket.end(formatSizingRequest(request));
  let text = "";
  for await (const chunk of socket) text += chunk;
  return parseSizingAnswer(text);
}

function addVm(cluster: FakeCluster): void {
  const owner = {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    name: "win",
    uid: "v1",
    controller: true,
  };
  const pod = { namespace: "shop", name: "virt-launcher-win-x", uid: "p1", ownerReferences: [owner] };
  cluster.put("/api/v1/namespaces/shop/pods/virt-launcher-win-x", {
    metadata: pod,
    spec: { nodeName: "n1", containers: [{ image: "mqtap-hook" }] },
  });
  const devices = { networkInterfaceMultiqueue: true, interfaces: [{ name: "default" }] };
  cluster.put("/apis/kubevirt.io/v1/namespaces/shop/virtualmachineinstances/win", {
    metadata: { namespace: "shop", name: "win", uid: "v1" },
    spec: { domain: { cpu: { cores: 8 }, devices }, networks: [{ name: "default", pod: {} }] },
  });
}

test("the agent applies its profile, reports it, follows a change, and gives back what was there", async (t) => {
  const { cluster, start, settled, status, condition, value, dir, state } = bed(t);
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
  const { cluster, start, settled, status, sysctl } = bed(t, { hasSysctl: false });
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  assert.deepEqual(status()?.["tuntap"], { maxQueues: 4, enforcedBy: "Advisory", kernelLimit: 256, original: null });
  assert.equal(existsSync(sysctl), false);
});

test("the agent repairs drift", async (t) => {
  const { cluster, start, settled, value, sysctl } = bed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  writeFileSync(sysctl, "64\n");
  await until(() => value() === "4\n");
});

test("the agent applies what it applied last before the API server answers, and restores after a restart", async (t) => {
  const { cluster, start, settled, value, sysctl, status } = bed(t);
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
  const { cluster, start, settled, value, lines } = bed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  cluster.delete(profilePath("n1"));
  await until(() => lines.some((line) => line.includes("profile has gone")));
  assert.equal(value(), "4\n");
});

test("the agent sizes a VM's tap and tells its owner", async (t) => {
  const { cluster, start, settled, dir, state } = bed(t);
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
  const { cluster, start, dir } = bed(t);
  cluster.goDown();
  start();
  const answer = await ask(dir("run"));
  assert.equal(answer.kind, "retry");
  assert.match(answer.why, /ECONNREFUSED/);
});

test("the agent sizes by the kernel alone where no profile exists", async (t) => {
  const { cluster, start, dir } = bed(t);
  addVm(cluster);
  start();
  const answer = await ask(dir("run"));
  assert.ok(answer.kind === "tap" && answer.queues === 8, answer.why);
});

test("the agent refuses above the limit with enforcement Required and no backend, and reports it once", async (t) => {
  const { cluster, start, settled, condition, dir } = bed(t, { hasSysctl: false });
  addVm(cluster);
  cluster.put(profilePath("n1"), profileOf(4, 1, "Required"));
  start();
  await settled(1);
  assert.deepEqual([condition("Applied")?.status, condition("Applied")?.reason], ["False", "EnforcementUnavailable"]);
  const answer = await ask(dir("run"));
  assert.ok(answer.kind === "refused" && answer.code === 115, answer.why);
  await until(() => cluster.events.find((event) => event["reason"] === "QueuesRefused"));
});

test("the agent says that it cannot read a profile, and keeps what was applied last", async (t) => {
  const { cluster, start, settled, condition, value, status } = bed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  cluster.put(profilePath("n1"), { ...profileOf(1, 2), status: status() });
  await settled(2);
  assert.deepEqual([condition("Applied")?.status, condition("Applied")?.reason], ["False", "ProfileInvalid"]);
  assert.equal(value(), "4\n");
});

test("the agent sets a corrupt state aside, says so, and restores nothing it does not know", async (t) => {
  const { cluster, start, settled, condition, value, dir, status, sysctl } = bed(t);
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
  const { cluster, start, settled, condition, sysctl } = bed(t);
  writeFileSync(sysctl, "1\n");
  cluster.put(profilePath("n1"), profileOf(undefined));
  start("--tun-device=/nonexistent/tun");
  await settled(1);
  assert.equal(condition("Degraded")?.reason, "KernelLimitBelowTwo");
  assert.equal(condition("Applied")?.status, "True");
});

test("the agent writes its status only when there is something new in it", async (t) => {
  const { cluster, start, settled, value, sysctl } = bed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  start();
  await settled(1);
  for (const drifted of ["64\n", "65\n", "66\n"]) {
    writeFileSync(sysctl, drifted);
    await until(() => value() === "4\n");
  }
  assert.equal(cluster.requests.filter(({ method }) => method === "PATCH").length, 1);
});

test("the agent takes its socket away when it ends, and touches nothing where another serves", async (t) => {
  const { cluster, start, settled, dir, sysctl, value } = bed(t);
  cluster.put(profilePath("n1"), profileOf(4));
  const agent = start("--drift-interval=1h");
  await settled(1);
  writeFileSync(sysctl, "64\n");
  await assert.rejects(start("--drift-interval=1h").ended, /another agent answers/);
  assert.equal(value(), "64\n");
  await agent.end();
  assert.equal(existsSync(join(dir("run"), "agent.sock")), false);
});
