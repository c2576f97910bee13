// The bounded log file of the built plugin: what stands in it, and that many calls at once lose nothing of it.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { beforeEach, describe, test } from "node:test";
import type { Bed } from "./bed.ts";
import { fail, invoke, succeed } from "./plugin.ts";
import { podPerTest } from "./pod-per-test.ts";

let bed: Bed;
let pod: string;
let netns: string;
podPerTest((each) => {
  bed = each.bed;
  pod = each.namespace;
  netns = each.netns;
});

const path = "/var/log/mqtap.log";
const bound = 1 << 20;
beforeEach(() => {
  for (const file of [path, `${path}.1`]) rmSync(bed.path(file), { recursive: true, force: true });
});

/** The file's lines, each of which is one JSON object. */
function lines(file = path): readonly Record<string, unknown>[] {
  const text = readFileSync(bed.path(file), "utf8");
  assert.ok(text.endsWith("\n"));
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("the log", () => {
  test("is not opened where nothing is to be said", async () => {
    await succeed(bed, { command: "ADD", netns });
    await succeed(bed, { command: "DEL", netns });
    await succeed(bed, { command: "STATUS" });
    assert.equal(existsSync(bed.path(path)), false);
  });

  test("has what stderr has, with when, who and for which pod", async () => {
    bed.write("/var/lib/mqtap/node.json", "{");
    const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web";
    const before = Date.now();
    const { status, stderr } = await invoke(bed, { command: "ADD", netns, args, conf: { queues: 4 } });
    rmSync(bed.path("/var/lib/mqtap/node.json"));
    assert.equal(status, 0);
    const [line, ...more] = lines();
    assert.equal(more.length, 0);
    const { time, pid, ...rest } = line ?? {};
    const moment = Date.parse(String(time));
    assert.ok(moment >= before - 1 && moment <= Date.now() + 1, String(time));
    assert.ok(Number.isInteger(pid) && pid !== 0);
    const call = { verb: "ADD", container: "c1", ifName: "eth0", pod: "default/web" };
    assert.deepEqual(rest, { ...call, ...JSON.parse(stderr) });
    assert.equal(statSync(bed.path(path)).mode & 0o777, 0o600);
  });

  test("has every failing call's code and message", async () => {
    const failing = [
      { command: "ADD", netns, conf: { queues: 0 } },
      { command: "DEL", netns: "/proc/self/ns/net" },
      { command: "CHECK", netns, conf: { prevResult: {} } },
      { command: "ADD", netns, conf: "{" },
      { command: "ADD", netns, ifName: "" },
      { command: "GC", conf: { "cni.dev/valid-attachments": 5 } },
    ];
    const told: unknown[] = [];
    for (const call of failing) {
      const { code, msg, details } = await fail(bed, call);
      told.push({ level: "error", verb: call.command, code, msg, ...(details !== undefined && { details }) });
    }
    assert.deepEqual(
      lines().map(({ level, verb, code, msg, details }) => ({
        level,
        verb,
        code,
        msg,
        ...(details !== undefined && { details }),
      })),
      told,
    );
  });

  test("has lines of at most 4 kB, whatever a call is given", async () => {
    await fail(bed, {
      command: "ADD",
      netns,
      containerId: "ü".repeat(60_000),
      args: `K8S_POD_NAME=${"x".repeat(60_000)}`,
    });
    assert.ok(statSync(bed.path(path)).size <= 4096);
    assert.equal(lines()[0]?.["code"], 4);
  });

  const hindrances: Record<string, () => unknown> = {
    "its directory is missing": () =>
      bed.must("sh", "-c", "umount /var/log && mount -t tmpfs tmpfs /var && mkdir /var/lib"),
    "a directory stands in its place": () => void mkdirSync(bed.path(path)),
    "a pipe stands in its place": () => bed.must("mkfifo", path),
    "a link stands in its place": () => bed.must("ln", "-s", "/run/elsewhere.log", path),
    "its directory is read-only": () => bed.must("mount", "-o", "remount,ro", "/var/log"),
    "the disk is full": () => bed.must("sh", "-c", "mount -o remount,size=4k /var/log && echo x > /var/log/other"),
  };
  const undo: Record<string, readonly string[]> = {
    "its directory is missing": ["sh", "-c", "umount /var && mount -t tmpfs tmpfs /var/log"],
    "its directory is read-only": ["mount", "-o", "remount,rw", "/var/log"],
    "the disk is full": ["sh", "-c", "rm /var/log/other && mount -o remount,size=16m /var/log"],
  };
  for (const [what, hinder] of Object.entries(hindrances)) {
    test(`changes nothing of a call when ${what}`, async () => {
      const calls = [
        { command: "ADD", netns, conf: { queues: 0 } },
        { command: "ADD", netns, conf: { sizing: "vm", prevResult: { cniVersion: "1.1.0", interfaces: [] } } },
      ];
      const undisturbed = await Promise.all(calls.map((call) => invoke(bed, call)));
      rmSync(bed.path(path));
      await hinder();
      try {
        assert.deepEqual(await Promise.all(calls.map((call) => invoke(bed, call))), undisturbed);
        assert.equal(existsSync(bed.path("/run/elsewhere.log")), false);
      } finally {
        await bed.must(...(undo[what] ?? ["rm", "-r", path]));
      }
    });
  }

  test("keeps every line of 50 calls at once, whole, when it is set aside in their middle", async () => {
    const filler = `${JSON.stringify({ filler: "x".repeat(986) })}\n`;
    assert.equal(filler.length, 1000);
    // About 25 lines of room before the file is set aside.
    const old = Math.floor(((768 << 10) - 25 * 330) / filler.length);
    writeFileSync(bed.path(path), filler.repeat(old), { mode: 0o600 });
    const calls = Array.from({ length: 50 }, (_, at) => ({
      command: "ADD",
      netns,
      containerId: `c${at}`,
      conf: { queues: 0 },
    }));
    await Promise.all(calls.map((call) => fail(bed, call)));
    const [fresh, aside] = [lines(), lines(`${path}.1`)];
    const containers = [...aside.slice(old), ...fresh].map(({ container }) => container);
    assert.deepEqual(containers.sort(), calls.map(({ containerId }) => containerId).sort());
    assert.ok(fresh.length > 0 && aside.length > old, `${fresh.length} fresh, ${aside.length - old} aside`);
    for (const file of [path, `${path}.1`]) assert.ok(statSync(bed.path(file)).size <= bound);
    assert.deepEqual(await bed.links(pod).then((links) => links.length), 1);
  });
});
