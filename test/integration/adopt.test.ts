// `mqtap adopt`: the built binary on taps made as KubeVirt makes them, before and while it waits, run as the node's agent runs
// it: on the host, with the path of a pod's namespace.

import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type AdoptedTap, type AdoptReport, parseAdoptReport } from "../../cni/adopt/report.ts";
import { readProcFile } from "../../deploy/local/setup/proc.mjs";
import { eventually } from "../fakes/eventually.ts";
import type { Bed } from "./bed.ts";
import { holdQueues } from "./hold-queues.ts";
import { succeed } from "./plugin.ts";
import { podPerTest } from "./pod-per-test.ts";

const binary = fileURLToPath(new URL("../../dist/mqtap", import.meta.url));

let bed: Bed;
let namespace: string;
let netns: string;
podPerTest((pod) => {
  ({ bed, namespace, netns } = pod);
});

/** As virt-chroot's create-tap makes it; phase 1 sets it up afterwards. */
async function kubevirtTap(name: string, { isMultiQueue = true, isUp = true } = {}): Promise<void> {
  const bit = isMultiQueue ? ["multi_queue"] : [];
  await bed.must(
    ..."ip -n".split(" "),
    namespace,
    ..."tuntap add".split(" "),
    name,
    ...`mode tap user 107 group 107`.split(" "),
    ...bit,
  );
  if (isUp) await bed.must("ip", "-n", namespace, "link", "set", name, "up");
}

async function shape(name: string): Promise<void> {
  const qdisc = "root tbf rate 1mbit burst 16k latency 50ms".split(" ");
  await bed.must("tc", "-n", namespace, "qdisc", "add", "dev", name, ...qdisc);
}

async function aliasAndQdisc(name: string): Promise<readonly [string | undefined, string | undefined]> {
  const link = await bed.link(namespace, name);
  return [link?.ifalias, link?.qdisc];
}

/** What adoption could change by mistake; the carrier settles in its own time. */
async function lasting(): Promise<readonly object[]> {
  const links = await bed.links(namespace);
  return links.map(({ ifindex, ifname, address, mtu, qdisc, ifalias, master, linkinfo }) => {
    return { ifindex, ifname, address, mtu, qdisc, ifalias, master, linkinfo };
  });
}

type Plugin = ChildProcessByStdio<Writable, Readable, Readable>;

function start(...words: readonly string[]): Plugin {
  const args = ["adopt", "--netns", bed.path(netns), ...words];
  return spawn(binary, args, { env: {}, stdio: ["pipe", "pipe", "pipe"] });
}

async function reportOf(child: Plugin): Promise<AdoptReport> {
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  const [status] = await once(child, "close");
  assert.deepEqual([status, stderr], [0, ""]);
  assert.equal(stdout.indexOf("\n"), stdout.length - 1, "one line");
  return parseAdoptReport(JSON.parse(stdout));
}

const adopt = (...words: readonly string[]): Promise<AdoptReport> => reportOf(start(...words));

async function adoptOne(...words: readonly string[]): Promise<AdoptedTap> {
  const [tap, ...others] = (await adopt(...words)).taps;
  assert.ok(tap !== undefined && others.length === 0);
  return tap;
}

/** poll(2) or ppoll(2), on x86-64 and arm64. */
const pollCalls: readonly string[] = ["7", "271", "73"];

/** Started, and come to the point where it waits. */
async function startWaiting(...words: readonly string[]): Promise<{ child: Plugin; report: Promise<AdoptReport> }> {
  const child = start("--wait", ...words);
  const report = reportOf(child);
  const isWaiting = (): boolean => {
    const [call = ""] = readProcFile(child.pid, "syscall").split(" ");
    return pollCalls.includes(call);
  };
  await Promise.race([eventually("mqtap adopt to wait", isWaiting), report]);
  return { child, report };
}

describe("mqtap adopt", () => {
  test("adopts a tap that is there and up, and keeps everything else of it", async () => {
    await kubevirtTap("tap0");
    const before = await lasting();
    assert.deepEqual(await aliasAndQdisc("tap0"), [undefined, "mq"]);
    const tap = await adoptOne("--wait", "--tap", "tap0=4");
    assert.deepEqual(tap, { name: "tap0", queues: 4, outcome: "adopted", why: undefined, qdiscBefore: "mq" });
    const [lo, ...taps] = before;
    const adopted = { ifalias: "mqtap/1 q=4 m=adopted", qdisc: "noqueue" };
    assert.deepEqual(await lasting(), [lo, ...taps.map((found) => ({ ...found, ...adopted }))]);
    assert.equal((await adoptOne("--wait", "--tap", "tap0=4")).outcome, "unchanged");
    assert.equal((await adoptOne("--tap", "tap0=2")).outcome, "adopted");
    assert.deepEqual(await aliasAndQdisc("tap0"), ["mqtap/1 q=2 m=adopted", "noqueue"]);
  });

  test("waits for a tap, which comes up with noqueue then", async () => {
    const { report } = await startWaiting("--tap", "tap0=4,tap1=2");
    await kubevirtTap("tap0", { isUp: false });
    await kubevirtTap("tap1");
    const { ended, taps } = await report;
    assert.deepEqual([ended, taps.map(({ outcome }) => outcome)], ["done", ["adopted", "adopted"]]);
    await bed.must("ip", "-n", namespace, "link", "set", "tap0", "up");
    assert.deepEqual(await aliasAndQdisc("tap0"), ["mqtap/1 q=4 m=adopted", "noqueue"]);
    assert.deepEqual(await aliasAndQdisc("tap1"), ["mqtap/1 q=2 m=adopted", "noqueue"]);
  });

  test("takes no notice of links that come and go, and of a tap in the making", async () => {
    const { report } = await startWaiting("--tap", "tap0=2");
    for (let made = 0; made < 50; made += 1) {
      await bed.must("ip", "-n", namespace, "link", "add", "noise", "type", "bridge");
      await bed.must("ip", "-n", namespace, "link", "del", "noise");
    }
    // The plugin's tap has neither alias nor persistence at first.
    await succeed(bed, { command: "ADD", netns, ifName: "tap0", conf: { queues: 2 } });
    const { taps } = await report;
    assert.equal(taps[0]?.outcome, "owned");
    const [alias, qdisc] = await aliasAndQdisc("tap0");
    assert.match(alias ?? "", /^mqtap\/1 q=2 m=main n=/);
    assert.equal(qdisc, "noqueue");
  });

  test("leaves alone what is shaped, somebody else's, the plugin's, or for another number of queues", async () => {
    for (const name of ["shaped", "named", "single"]) await kubevirtTap(name, { isMultiQueue: name !== "single" });
    await shape("shaped");
    await bed.must("ip", "-n", namespace, "link", "set", "named", "alias", "somebody's");
    await bed.must("ip", "-n", namespace, "link", "add", "bridge0", "type", "bridge");
    await succeed(bed, { command: "ADD", netns, ifName: "ours", conf: { queues: 2 } });
    const before = await lasting();
    const { ended, taps } = await adopt("--wait", "--tap", "shaped=4,named=4,single=4,bridge0=4,ours=4");
    assert.equal(ended, "done");
    assert.deepEqual(
      taps.map(({ name, outcome }) => [name, outcome]),
      [
        ["shaped", "shaped"],
        ["named", "foreign"],
        ["single", "mismatch"],
        ["bridge0", "foreign"],
        ["ours", "owned"],
      ],
    );
    assert.deepEqual(await lasting(), before);
  });

  test("an adopted tap is nobody's to delete: DEL, GC and an ADD of that name leave it", async () => {
    await kubevirtTap("eth0");
    await adopt("--tap", "eth0=4");
    await succeed(bed, { command: "DEL", netns, ifName: "eth0" });
    await succeed(bed, { command: "GC", conf: { "cni.dev/valid-attachments": [] } });
    assert.deepEqual(await aliasAndQdisc("eth0"), ["mqtap/1 q=4 m=adopted", "noqueue"]);
    const conf = { queues: 2 };
    await assert.rejects(succeed(bed, { command: "ADD", netns, ifName: "eth0", conf }), /has that interface already/);
    assert.deepEqual(await aliasAndQdisc("eth0"), ["mqtap/1 q=4 m=adopted", "noqueue"]);
  });

  test("with --noqueue-only a running VM keeps its queues and its lack of an alias", async () => {
    await kubevirtTap("tap0");
    await using _vm = await holdQueues(bed, { namespace, tap: "tap0", queues: 4 });
    assert.equal((await adoptOne("--noqueue-only", "--tap", "tap0")).outcome, "adopted");
    const link = await bed.link(namespace, "tap0");
    assert.deepEqual([link?.ifalias, link?.qdisc], [undefined, "noqueue"]);
    assert.equal(link?.linkinfo?.info_data?.["numqueues"], 4);
  });

  test("ends when the namespace is gone, and so does not keep it", async () => {
    const { report } = await startWaiting("--tap", "tap0=4");
    await bed.must("ip", "netns", "del", namespace);
    const { ended, taps } = await report;
    assert.deepEqual([ended, taps[0]?.outcome], ["gone", "missing"]);
    assert.equal((await adopt("--wait", "--tap", "tap0=4")).ended, "gone");
  });

  test("ends when the time is up", async () => {
    const { ended, taps } = await adopt("--wait", "--timeout", "200ms", "--tap", "tap0=4");
    assert.deepEqual([ended, taps[0]?.why], ["timeout", 'there is no "tap0"']);
  });

  test("ends when whoever started it is gone", async () => {
    const { child, report } = await startWaiting("--tap", "tap0=4");
    child.stdin.end();
    assert.equal((await report).ended, "abandoned");
  });

  test("is killed without a trace at any time", async () => {
    await kubevirtTap("tap0");
    const { child, report } = await startWaiting("--tap", "tap0=4,tap1=4");
    const failed = assert.rejects(report);
    child.kill("SIGKILL");
    await failed;
    assert.deepEqual(await aliasAndQdisc("tap0"), ["mqtap/1 q=4 m=adopted", "noqueue"]);
  });

  test("what shapes a tap after its adoption stays, and its number of queues holds", async () => {
    await kubevirtTap("tap0");
    await adopt("--tap", "tap0=4");
    await bed.must("tc", "-n", namespace, "qdisc", "del", "dev", "tap0", "root");
    await shape("tap0");
    const { outcome, why } = await adoptOne("--wait", "--tap", "tap0=4");
    assert.deepEqual([outcome, why], ["unchanged", '"tap0" has the qdisc tbf, which may shape its traffic']);
    assert.deepEqual(await aliasAndQdisc("tap0"), ["mqtap/1 q=4 m=adopted", "tbf"]);
  });

  test("says in one line where its report cannot be printed", async () => {
    await kubevirtTap("tap0");
    const words = `/run/bin/mqtap adopt --netns ${netns} --tap tap0=4`;
    const full = await bed.run(["sh", "-c", `${words} >/dev/full`]);
    assert.equal(full.status, 1);
    assert.equal(full.stderr, "mqtap: cannot print the report: cannot write: ENOSPC\n");
    const closed = await bed.run(["sh", "-c", `{ sleep 0.2; ${words}; echo $? >&2; } | true`]);
    assert.equal(closed.stderr, "0\n");
  });

  test("says what is wrong with its words, and what it may not do", async () => {
    const wrong = await bed.run(["/run/bin/mqtap", "adopt", "--tap", "tap0"]);
    assert.deepEqual([wrong.status, wrong.stdout], [2, ""]);
    assert.match(wrong.stderr, /"--netns" is missing/);
    const help = await bed.run(["/run/bin/mqtap", "adopt", "--help"]);
    assert.deepEqual([help.status, help.stderr], [0, ""]);
    const weak = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--clear-groups"];
    const refused = await bed.run([...weak, "/run/bin/mqtap", "adopt", "--netns", netns, "--tap", "tap0=4"]);
    assert.deepEqual([refused.status, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /EPERM: run it as root, with CAP_SYS_ADMIN and CAP_NET_ADMIN/);
  });
});
