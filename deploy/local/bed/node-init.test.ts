import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { type NodeBoot, nodeInitArgv } from "./node-init.ts";

const v1: NodeBoot = {
  hostname: "node1",
  disk: "/tmp/o'brien/disk",
  cgroups: { version: 1, folders: [{ path: "/c/cpu,cpuacct/n", controllers: "cpu,cpuacct" }] },
  bootId: "b-1",
  machineFolders: ["usr"],
  programs: { pause: "/p/pause" },
  devices: ["null"],
  tuntapSysctl: undefined,
};
const v2: NodeBoot = { ...v1, cgroups: { version: 2, folders: [{ path: "/c/n", controllers: undefined }] } };

/** The script that goes into the namespaces, and the one inside them. */
function scripts(boot: NodeBoot): readonly [string, string] {
  const [, , outer = "", , inner = ""] = nodeInitArgv(boot);
  return [outer, inner];
}

describe("a node's scripts", () => {
  for (const [name, boot] of Object.entries({ v1, v2, "v1 with sysctl": { ...v1, tuntapSysctl: "/var/lib/x" } })) {
    it(`are what sh understands (${name})`, () => {
      for (const script of scripts(boot)) {
        const { status, stderr } = spawnSync("sh", ["-n", "-c", script], { encoding: "utf8" });
        assert.deepEqual([status, stderr], [0, ""]);
      }
    });
  }

  it("enter the node's cgroups before the namespaces are made", () => {
    const [outer] = scripts(v1);
    assert.match(outer, /echo 0 > '\/c\/cpu,cpuacct\/n\/cgroup\.procs'\nexec unshare .*--cgroup/);
  });

  it("mount each controller on version 1, also under its single names", () => {
    const [, inner] = scripts(v1);
    assert.match(inner, /mount -t cgroup -o cpu,cpuacct cgroup sys\/fs\/cgroup\/cpu,cpuacct\n/);
    assert.match(inner, /ln -s cpu,cpuacct sys\/fs\/cgroup\/cpuacct\n/);
    assert.doesNotMatch(inner, /cgroup2/);
  });

  it("leave the top empty of processes on version 2", () => {
    assert.match(
      scripts(v2)[1],
      /mount -t cgroup2 cgroup2 sys\/fs\/cgroup\n.*mkdir sys\/fs\/cgroup\/node\necho 0 > sys\/fs\/cgroup\/node\/cgroup\.procs/s,
    );
  });

  it("show the boot id, and a tuntap sysctl only where there is one", () => {
    const [, inner] = scripts(v1);
    assert.match(inner, /echo b-1 > (\S+)\nmount --bind \1 \/proc\/sys\/kernel\/random\/boot_id\n/);
    assert.doesNotMatch(inner, /tuntap/);
    assert.match(
      scripts({ ...v1, tuntapSysctl: "/var/lib/x" })[1],
      /mount --bind '\/var\/lib\/x' '\/proc\/sys\/net\/tuntap\/max_queues'/,
    );
  });

  it("make a tun device that everybody may open, whatever the machine's is like", () => {
    assert.match(scripts(v1)[1], /^mknod -m 0666 dev\/net\/tun c 10 200$/m);
  });

  it("quote paths", () => {
    assert.ok(scripts(v1)[1].includes(`cd '/tmp/o'\\''brien/disk'`));
  });
});
