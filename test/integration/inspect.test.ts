// `mqtap inspect`: the built binary against real taps, made by the plugin itself and by others.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, afterEach, before, describe, test } from "node:test";
import { type InspectReport, parseReport, type TapReport } from "../../cni/inspect/report.ts";
import { Bed, type Finished } from "./bed.ts";
import { holdQueues } from "./hold-queues.ts";
import { succeed } from "./plugin.ts";

let bed: Bed;
before(async () => {
  bed = await Bed.open();
});
after(async () => {
  await bed[Symbol.asyncDispose]();
});

const namespaces: string[] = [];
async function addNamespace(name: string): Promise<string> {
  namespaces.push(name);
  return bed.addNamespace(name);
}
afterEach(async () => {
  for (const name of namespaces.splice(0)) await bed.must("ip", "netns", "del", name);
});

const inspect = (...words: string[]): Promise<Finished> => bed.run(["/run/bin/mqtap", "inspect", ...words]);

async function report(...words: string[]): Promise<InspectReport> {
  const { status, stdout, stderr } = await inspect(...words, "-o", "json");
  assert.equal(status, 0, stderr);
  return parseReport(JSON.parse(stdout));
}

async function onlyTap(...words: string[]): Promise<TapReport> {
  const { taps } = await report(...words);
  assert.equal(taps.length, 1);
  const [tap] = taps;
  assert.ok(tap);
  return tap;
}

describe("mqtap inspect", () => {
  test("tells of the plugin's tap what the kernel says and what was meant", async () => {
    const netns = await addNamespace("a");
    await bed.must("ip", "-n", "a", "link", "add", "k6t-eth0", "type", "bridge");
    const conf = { queues: 4, mtu: 9000, owner: 1000, group: 1001, bridge: "k6t-eth0", mac: "02:00:00:00:00:0a" };
    await succeed(bed, { command: "ADD", netns, conf });
    const link = await bed.link("a", "eth0");
    const { netnsIdentity, estimatedMemoryBytes, mark, ...rest } = await onlyTap("--netns", netns);
    assert.match(netnsIdentity, /^\d+:\d+$/);
    assert.ok(estimatedMemoryBytes !== undefined && estimatedMemoryBytes < 300_000);
    assert.deepEqual([mark?.mode, mark?.queues], ["main", 4]);
    assert.deepEqual(rest, {
      netns,
      name: "eth0",
      index: link?.ifindex,
      kind: "tap",
      isMultiQueue: true,
      attachedQueues: 0,
      disabledQueues: 0,
      isOpen: false,
      isPersistent: true,
      owner: 1000,
      group: 1001,
      isUp: true,
      mtuBytes: 9000,
      mac: "02:00:00:00:00:0a",
      qdisc: "noqueue",
      txQueueLength: 1000,
      master: "k6t-eth0",
      alias: link?.ifalias,
    });
    const { stdout, stderr, status } = await inspect("--netns", netns);
    assert.deepEqual([stderr, status], ["", 0]);
    assert.equal(
      stdout,
      [
        "NAMESPACE     TAP   MODE  SIZED  OPEN  OWNER      STATE  MTU   QDISC    MASTER    MEMORY",
        "/run/netns/a  eth0  main  4      0     1000:1001  up     9000  noqueue  k6t-eth0  ~240 KiB",
        "",
        "1 tap in 1 namespace, about 240 KiB of kernel memory (estimated)",
        "",
      ].join("\n"),
    );
  });

  test("counts the queues that a program holds open, and says when they are more than were meant", async () => {
    const netns = await addNamespace("a");
    await succeed(bed, { command: "ADD", netns, ifName: "many", conf: { queues: 2 } });
    await succeed(bed, { command: "ADD", netns, ifName: "one" });
    const seen = async () => {
      const { taps } = await report("--netns", netns);
      return taps.map(({ name, attachedQueues, isOpen }) => [name, attachedQueues, isOpen]);
    };
    const closed = [
      ["many", 0, false],
      ["one", undefined, false],
    ];
    assert.deepEqual(await seen(), closed);
    {
      await using _many = await holdQueues(bed, { namespace: "a", tap: "many", queues: 3 });
      await using _one = await holdQueues(bed, { namespace: "a", tap: "one", queues: 1 });
      assert.deepEqual(await seen(), [
        ["many", 3, true],
        ["one", undefined, true],
      ]);
      const { stdout } = await inspect("--netns", netns);
      assert.match(stdout, /\n\/run\/netns\/a {2}many {2}main {2}2 {6}3 {11}107:107 /);
      assert.match(stdout, /\n\/run\/netns\/a {2}one {3}main {2}1 {6}1 \(single\) {2}107:107 /);
      assert.match(stdout, /\n\/run\/netns\/a many: 3 queues are open, 2 were meant: /);
    }
    assert.deepEqual(await seen(), closed);
  });

  test("tells the cost of the kernel's own qdisc, and that it stays when the tap goes down", async () => {
    const netns = await addNamespace("a");
    await succeed(bed, { command: "ADD", netns, conf: { queues: 4, qdisc: "default" } });
    for (const state of ["up", "down"]) {
      await bed.must("ip", "-n", "a", "link", "set", "eth0", state);
      const { qdisc, isUp, estimatedMemoryBytes = 0 } = await onlyTap("--netns", netns);
      assert.deepEqual([qdisc, isUp], ["mq", state === "up"]);
      assert.ok(estimatedMemoryBytes > 6_000_000);
    }
  });

  test("shows others' taps and tuns where asked, with names that a terminal must not obey", async () => {
    const netns = await addNamespace("a");
    const name = "e\u001b[1mx";
    await bed.must("ip", "-n", "a", "tuntap", "add", "mode", "tap", "name", "odd", "multi_queue", "user", "1000");
    await bed.must("ip", "-n", "a", "link", "set", "odd", "alias", "\u001b[31m\u009b1m\u202eevil");
    await bed.must("ip", "-n", "a", "link", "set", "odd", "name", name);
    await bed.must("ip", "-n", "a", "tuntap", "add", "mode", "tun", "name", "tun0");
    await bed.must("ip", "-n", "a", "link", "add", "veth0", "type", "veth", "peer", "name", "veth1");
    assert.equal((await inspect("--netns", netns)).stdout, "no taps of mqtap in /run/netns/a\n");
    const { taps } = await report("--netns", netns, "--foreign");
    assert.deepEqual(
      taps.map((tap) => [tap.name, tap.kind, tap.isMultiQueue, tap.owner, tap.mark]),
      [
        [name, "tap", true, 1000, undefined],
        ["tun0", "tun", false, undefined, undefined],
      ],
    );
    assert.equal(taps[0]?.alias, "\u001b[31m\u009b1m\u202eevil");
    const table = (await inspect("--netns", netns, "--foreign")).stdout;
    const json = (await inspect("--netns", netns, "--foreign", "-o", "json")).stdout;
    for (const text of [table, json]) assert.match(text, /^[\x20-\x7e\n]+$/);
    assert.ok(table.includes("  e\\x1b[1mx  (tap)  -  "));
  });

  test("without words looks into the namespace that it is run in", async () => {
    const tap = "mqtap/1 q=4 m=adopted";
    await bed.must("ip", "tuntap", "add", "mode", "tap", "name", "tap0", "multi_queue");
    try {
      await bed.must("ip", "link", "set", "tap0", "alias", tap);
      const { netns, mark } = await onlyTap();
      assert.deepEqual([netns, mark], ["/proc/self/ns/net", { mode: "adopted", queues: 4 }]);
    } finally {
      await bed.must("ip", "link", "del", "tap0");
    }
    assert.match((await inspect()).stdout, /^no taps of mqtap in this network namespace/);
  });

  test("--all looks into every namespace once, tells what it cannot read, and goes on", async () => {
    for (const name of ["b", "a"]) await succeed(bed, { command: "ADD", netns: await addNamespace(name) });
    await bed.must("sh", "-c", "touch /run/netns/again && mount --bind /run/netns/a /run/netns/again");
    bed.write("/run/netns/stale", "");
    try {
      const { status, stdout, stderr } = await inspect("--all", "-o", "json");
      const { taps, failures } = parseReport(JSON.parse(stdout));
      assert.deepEqual(
        taps.map(({ netns }) => netns),
        ["/run/netns/a", "/run/netns/b"],
      );
      // One although /var/run/netns mostly is the same directory.
      assert.deepEqual(
        failures.map(({ netns }) => netns),
        ["/run/netns/stale"],
      );
      assert.match(stderr, /^mqtap: cannot look into "\/run\/netns\/stale": .*\n$/);
      assert.equal(status, 1);
      assert.equal((await inspect("--all")).stdout.split("\n").length, 6);
    } finally {
      await bed.must("sh", "-c", "umount /run/netns/again && rm /run/netns/again /run/netns/stale");
    }
    assert.equal((await inspect("--all")).status, 0);
  });

  test("--all looks where the node's policy says that namespaces are", async () => {
    await succeed(bed, { command: "ADD", netns: await addNamespace("a") });
    await bed.must("sh", "-c", "mkdir /run/elsewhere && touch /run/elsewhere/b");
    await bed.must("mount", "--bind", "/run/netns/a", "/run/elsewhere/b");
    bed.write("/etc/cni/mqtap/policy.json", JSON.stringify({ netnsDirs: ["/run/elsewhere", "/run/absent"] }));
    try {
      assert.equal((await onlyTap("--all")).netns, "/run/elsewhere/b");
      bed.write("/etc/cni/mqtap/policy.json", "{");
      const { status, stderr, stdout } = await inspect("--all", "-o", "json");
      assert.deepEqual([status, parseReport(JSON.parse(stdout)).taps.length], [0, 1]);
      assert.match(stderr, /^mqtap: cannot use \/etc\/cni\/mqtap\/policy\.json: .*; its defaults are used\n$/);
    } finally {
      rmSync(bed.path("/etc/cni/mqtap"), { recursive: true });
      await bed.must("umount", "/run/elsewhere/b");
    }
  });

  test("reports 2000 taps of one namespace within the engine's memory", async () => {
    const netns = await addNamespace("a");
    const commands = Array.from({ length: 2000 }, (_none, at) => {
      const alias = `mqtap/1 q=4 m=main n=${"a".repeat(16)} a=${at.toString(16).padStart(32, "0")}`;
      return `tuntap add mode tap name tap${at} multi_queue\nlink set tap${at} alias "${alias}"\n`;
    });
    const made = await bed.run(["ip", "-n", "a", "-batch", "-"], { stdin: commands.join("") });
    assert.equal(made.status, 0, made.stderr);
    const { taps } = await report("--netns", netns);
    assert.equal(
      new Set(taps.map(({ mark }) => mark !== undefined && "attachmentId" in mark && mark.attachmentId)).size,
      2000,
    );
    const { stdout } = await inspect("--netns", netns);
    assert.equal(stdout.split("\n").length, 2004);
    assert.match(stdout, /\n2000 taps in 1 namespace, about 468\.8 MiB of kernel memory \(estimated\)\n$/);
  });
});

describe("mqtap, started by hand", () => {
  test("tells what it is without words, and how to be asked with wrong ones", async () => {
    const about = await bed.run(["/run/bin/mqtap"]);
    assert.deepEqual([about.status, about.stdout], [0, ""]);
    assert.match(about.stderr, /^mqtap: a CNI plugin /);
    for (const words of [["list"], ["inspect", "tap0"], ["--netns", "/a"]]) {
      const { status, stdout, stderr } = await bed.run(["/run/bin/mqtap", ...words], { env: { CNI_COMMAND: "" } });
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, /^mqtap: unknown .*\nusage: mqtap inspect /);
    }
    const help = await bed.run(["/run/bin/mqtap", "--help"]);
    assert.deepEqual([help.status, help.stderr], [0, ""]);
    assert.match(help.stdout, /^usage: mqtap inspect /);
  });

  test("is the plugin as soon as there is a verb, whatever its words", async () => {
    const { status, stdout } = await bed.run(["/run/bin/mqtap", "inspect"], { env: { CNI_COMMAND: "VERSION" } });
    assert.equal(status, 0);
    assert.ok(JSON.parse(stdout).supportedVersions.includes("1.1.0"));
    const stdin = '{"cniVersion": "1.1.0", "name": "net", "type": "mqtap"}';
    const unknown = await bed.run(["/run/bin/mqtap", "inspect"], { env: { CNI_COMMAND: "inspect" }, stdin });
    assert.deepEqual([unknown.status, JSON.parse(unknown.stdout).code], [1, 4]);
  });

  test("says that it needs root", async () => {
    const argv = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/run/bin/mqtap", "inspect"];
    const { status, stdout, stderr } = await bed.run(argv);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^mqtap: cannot enter any network namespace: .*EPERM: run it as root, with CAP_SYS_ADMIN\n$/);
  });

  const ends: Record<string, { line: string; stderr: string }> = {
    "a reader that has gone": {
      // The right side closes its end of the pipe before the left side may go on.
      line: "mkfifo /run/go && { cat /run/go; /run/bin/mqtap inspect; echo $? >&2; } | { exec <&-; : >/run/go; }",
      stderr: "0\n",
    },
    "a closed stdout": { line: "/run/bin/mqtap inspect >&-; echo $? >&2", stderr: "0\n" },
    "a full disk": {
      line: "/run/bin/mqtap inspect >/dev/full; echo $? >&2",
      stderr: "mqtap: cannot print the report: cannot write: ENOSPC\n1\n",
    },
    "a closed stderr": { line: "/run/bin/mqtap inspect --netns /nowhere 2>&- ; echo $? >&2", stderr: "1\n" },
  };
  for (const [what, { line, stderr }] of Object.entries(ends)) {
    test(`ends well with ${what}`, async () => {
      assert.equal((await bed.run(["sh", "-c", line])).stderr, stderr);
    });
  }
});
