// The node's policy file and the built plugin: what a configuration may ask for, and what goes on without the file.

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { afterEach, describe, test } from "node:test";
import type { Bed } from "./bed.ts";
import { cniPath, hostLocal, installPlugin, reservedAddresses } from "./ipam-plugins.ts";
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

const path = "/etc/cni/mqtap/policy.json";
const put = (policy: unknown): void =>
  bed.write(path, typeof policy === "string" ? policy : `${JSON.stringify(policy)}\n`);
afterEach(() => rmSync(bed.path("/etc/cni/mqtap"), { recursive: true, force: true }));

const add = (conf: Record<string, unknown>) => ({ command: "ADD", netns, conf });
const taps = async (): Promise<readonly string[]> => (await bed.links(pod)).map(({ ifname }) => ifname).slice(1);

describe("ADD", () => {
  test("is as open as the reference without a file", async () => {
    await succeed(bed, add({ owner: 0, group: 0 }));
    assert.deepEqual(await bed.ownership(pod, "eth0"), ["0", "0"]);
  });

  test("gets what the policy lists, and its default in any case", async () => {
    put({ owners: [1000], groups: "any" });
    await succeed(bed, add({ owner: 1000, group: 3 }));
    assert.deepEqual(await bed.ownership(pod, "eth0"), ["1000", "3"]);
    await succeed(bed, { ...add({}), ifName: "eth1" });
    assert.deepEqual(await bed.ownership(pod, "eth1"), ["107", "107"]);
  });

  const label = "system_u:system_r:spc_t:s0";
  const refusals: Record<string, { policy: unknown; conf: Record<string, unknown>; msg: string }> = {
    "an owner": {
      policy: {},
      conf: { owner: 0, group: 107 },
      msg: `"owner": 0 is not allowed by ${path}: add 0 to "owners", or remove the field`,
    },
    "a group": {
      policy: { owners: "any" },
      conf: { owner: 0, group: 0 },
      msg: `"group": 0 is not allowed by ${path}: add 0 to "groups", or remove the field`,
    },
    "an SELinux label": {
      policy: {},
      conf: { selinuxContext: label },
      msg: `"selinuxContext": "${label}" is not allowed by ${path}: add "${label}" to "selinuxContexts", or remove the field`,
    },
    "an IPAM plugin": {
      policy: {},
      conf: { ipam: { type: "dhcp" } },
      msg: `"ipam.type": "dhcp" is not allowed by ${path}: add "dhcp" to "ipam", or use another plugin`,
    },
    "a directory of an IPAM plugin": {
      policy: { ipamPaths: ["/var/lib/cni"] },
      conf: { ipam: { type: "host-local", dataDir: "/etc", ranges: [[{ subnet: "10.9.0.0/24" }]] } },
      msg: `"ipam.dataDir": "/etc" is not allowed by ${path}: add a directory above it to "ipamPaths", or remove the field`,
    },
  };
  for (const [what, { policy, conf, msg }] of Object.entries(refusals)) {
    test(`is refused ${what}, and makes nothing`, async () => {
      put(policy);
      assert.deepEqual(await fail(bed, add(conf)), { cniVersion: "1.1.0", code: 109, msg });
      assert.deepEqual(await taps(), []);
    });
  }

  const broken: Record<string, { make: () => unknown; msg: RegExp }> = {
    "half a document": { make: () => put('{"owners":'), msg: /: it is not JSON.*: correct it$/ },
    "60,000 brackets": { make: () => put("[".repeat(60_000)), msg: /: it is not JSON.*: correct it$/ },
    "bytes that are no text": {
      make: () => bed.must("sh", "-c", `mkdir -p ${path}.d && head -c 9000 /dev/urandom > ${path}`),
      msg: /not JSON/,
    },
    "a wrong type": {
      make: () => put({ owners: 107 }),
      msg: /: "owners": 107: use an array of user ids from 0 to 4294967294, or "any"$/,
    },
    "more than 64 kB": { make: () => put(" ".repeat(65_537)), msg: /: it has 65537 bytes: keep it within 65536$/ },
    "a directory": {
      make: () => void mkdirSync(bed.path(path), { recursive: true }),
      msg: /: it is no regular file: make it one, or remove it$/,
    },
    "a pipe that nobody writes": {
      make: () => bed.must("sh", "-c", `mkdir -p /etc/cni/mqtap && mkfifo ${path}`),
      msg: /: it is no regular file/,
    },
    "a link to itself": {
      make: () => {
        put({});
        rmSync(bed.path(path));
        symlinkSync("policy.json", bed.path(path));
      },
      msg: /: open: ELOOP: make it a file that root can read, or remove it$/,
    },
    "a link to nothing": {
      make: () => {
        put({});
        rmSync(bed.path(path));
        symlinkSync("..data/policy.json", bed.path(path));
      },
      msg: /: it is a link to nothing: /,
    },
  };
  for (const [what, { make, msg }] of Object.entries(broken)) {
    test(`is refused while the policy is ${what}; CHECK and DEL go on`, async () => {
      const prevResult = await succeed(bed, add({}));
      await make();
      const error = await fail(bed, { ...add({}), ifName: "eth1" });
      assert.equal(error.code, 108);
      assert.match(error.msg, /^cannot use \/etc\/cni\/mqtap\/policy\.json: /);
      assert.match(error.msg, msg);
      await succeed(bed, { command: "CHECK", netns, conf: { prevResult } });
      await succeed(bed, { command: "DEL", netns });
      assert.deepEqual(await taps(), []);
    });
  }

  test("is served with keys that are unknown, and says so", async () => {
    put({ bridges: ["br0"], owners: [5] });
    const { status, stderr } = await invoke(bed, add({ owner: 5 }));
    assert.equal(status, 0);
    assert.equal(JSON.parse(stderr).level, "warn");
    assert.match(JSON.parse(stderr).msg, /^ignoring "bridges" in /);
  });

  test("is served through a file that only root may read", async () => {
    put({ owners: [5] });
    chmodSync(bed.path(path), 0o400);
    await succeed(bed, add({ owner: 5 }));
  });
});

describe("DEL and CHECK", () => {
  test("care for nothing that the policy forbids since ADD, but IPAM", async () => {
    const conf = { owner: 1000, group: 1000 };
    const prevResult = await succeed(bed, add(conf));
    put({});
    await succeed(bed, { command: "CHECK", netns, conf: { ...conf, prevResult } });
    await succeed(bed, { command: "DEL", netns, conf });
    assert.deepEqual(await taps(), []);
  });
});

describe("IPAM plugins", () => {
  const env = { CNI_PATH: cniPath };
  const own = (conf: Record<string, unknown>) => ({ netns, env, containerId: pod, conf });
  const ran = "/run/ran";
  /** A plugin that only leaves a trace. */
  const installTracer = (): void => {
    rmSync(bed.path(ran), { force: true });
    installPlugin(bed, "tracer", `echo $CNI_COMMAND >> ${ran}; echo '{}'`);
  };

  test("of the list run for every verb, with paths under the directories of the list", async () => {
    const conf = { ipam: { ...hostLocal, dataDir: "/var/lib/cni/mine" } };
    put({ ipamPaths: ["/var/lib/cni"] });
    const prevResult = await succeed(bed, { command: "ADD", ...own(conf) });
    await succeed(bed, { command: "CHECK", ...own({ ...conf, prevResult }) });
    await succeed(bed, { command: "STATUS", ...own(conf) });
    await succeed(bed, { command: "DEL", ...own(conf) });
    assert.deepEqual(await taps(), []);
  });

  test("that are not in the list run for no verb: CHECK and STATUS fail, DEL and GC go on and say so", async () => {
    installTracer();
    const prevResult = await succeed(bed, { command: "ADD", ...own({}) });
    put({});
    const conf = { ipam: { type: "tracer" } };
    assert.equal((await fail(bed, { command: "ADD", ...own(conf), ifName: "eth1" })).code, 109);
    assert.equal((await fail(bed, { command: "STATUS", ...own(conf) })).code, 109);
    assert.equal((await fail(bed, { command: "CHECK", ...own({ ...conf, prevResult }) })).code, 109);
    const gc = { "cni.dev/valid-attachments": [{ containerID: pod, ifname: "eth0" }] };
    for (const call of [
      { command: "DEL", ...own(conf) },
      { command: "GC", ...own({ ...conf, ...gc }) },
    ]) {
      const { status, stderr } = await invoke(bed, call);
      assert.equal(status, 0);
      assert.match(stderr, /the IPAM plugin is not run: \\"ipam.type\\": \\"tracer\\" is not allowed by/);
    }
    assert.deepEqual(await taps(), []);
    assert.equal(existsSync(bed.path(ran)), false);
  });

  test("get the configuration that was judged, not one that Go reads otherwise", async () => {
    put({});
    const ranges = JSON.stringify(hostLocal.ranges);
    // Go lays the second object over the first, which JSON.parse forgets.
    const twice = `"ipam":{"type":"host-local","dataDir":"/run/smuggled"},"ipam":{"type":"host-local","ranges":${ranges}}`;
    const conf = `{"cniVersion":"1.1.0","name":"net","type":"mqtap",${twice}}`;
    await succeed(bed, { command: "ADD", netns, env, containerId: pod, conf });
    assert.equal(existsSync(bed.path("/run/smuggled")), false);
    await succeed(bed, { command: "DEL", netns, env, containerId: pod, conf });
    assert.equal(existsSync(bed.path("/run/smuggled")), false);
  });

  test("of the default list alone run for DEL while the file is broken", async () => {
    installTracer();
    await succeed(bed, { command: "ADD", ...own({ ipam: hostLocal }) });
    assert.equal((await reservedAddresses(bed)).length, 2);
    put("{");
    await succeed(bed, { command: "DEL", ...own({ ipam: hostLocal }) });
    assert.deepEqual(await reservedAddresses(bed), []);
    await succeed(bed, { command: "DEL", ...own({ ipam: { type: "tracer" } }) });
    assert.equal(existsSync(bed.path(ran)), false);
  });

  test("may be any without a file", async () => {
    installTracer();
    await succeed(bed, { command: "DEL", ...own({ ipam: { type: "tracer", dataDir: "/etc" } }) });
    assert.equal(existsSync(bed.path(ran)), true);
  });
});

describe("GC", () => {
  const gc = { command: "GC", conf: { "cni.dev/valid-attachments": [] } };

  /** A namespace that no other directory knows. */
  async function addPodElsewhere(): Promise<{ readonly netns: string; readonly count: () => Promise<number> }> {
    const elsewhere = `/run/elsewhere/${pod}`;
    const bind = 'mkdir -p /run/elsewhere && : > "$1" && unshare --net=$1 true';
    await bed.must("sh", "-c", bind, "sh", elsewhere);
    const count = async (): Promise<number> =>
      JSON.parse(await bed.must("nsenter", `--net=${elsewhere}`, "ip", "-j", "link")).length - 1;
    return { netns: elsewhere, count };
  }

  test("looks where the policy says, and nowhere else", async () => {
    const { netns: elsewhere, count } = await addPodElsewhere();
    await succeed(bed, { command: "ADD", netns: elsewhere });
    await succeed(bed, { command: "ADD", netns });
    await succeed(bed, gc);
    assert.deepEqual([await count(), await taps()], [1, []]);
    await succeed(bed, { command: "ADD", netns });
    put({ netnsDirs: ["/run/absent", "/run/elsewhere"] });
    await succeed(bed, gc);
    assert.deepEqual([await count(), await taps()], [0, ["eth0"]]);
    put({ netnsDirs: [] });
    await succeed(bed, gc);
    assert.deepEqual(await taps(), ["eth0"]);
    await bed.must("sh", "-c", 'umount "$1" && rm "$1"', "sh", elsewhere);
  });

  test("reports a directory that cannot be read, and goes on with the others", async () => {
    await succeed(bed, { command: "ADD", netns });
    bed.write("/run/file", "");
    put({ netnsDirs: ["/run/file", "/run/netns"] });
    const { code, details } = await fail(bed, gc);
    assert.deepEqual([code, /^\/run\/file: .*ENOTDIR/.test(details ?? "")], [106, true]);
    assert.deepEqual(await taps(), []);
  });

  test("looks in the usual directories while the file is broken, and says so", async () => {
    await succeed(bed, { command: "ADD", netns });
    put("{");
    const { status, stderr } = await invoke(bed, gc);
    assert.equal(status, 0);
    assert.match(stderr, /cannot use \/etc\/cni\/mqtap\/policy\.json: it is not JSON.*; its defaults are used/);
    assert.deepEqual(await taps(), []);
  });
});

test("the bed keeps the machine's policy to itself", () => {
  put({});
  const [inside, outside] = [bed.path(path), path].map((each) => statSync(each, { throwIfNoEntry: false }));
  assert.notEqual(inside?.ino, undefined);
  assert.notDeepEqual([inside?.dev, inside?.ino], [outside?.dev, outside?.ino]);
});
