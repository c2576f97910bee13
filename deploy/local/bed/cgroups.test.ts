import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findHierarchies, planNodeCgroups } from "./cgroups.ts";

const mount = (point: string, type: string, options: string, root = "/"): string =>
  `30 24 0:26 ${root} ${point} rw,nosuid - ${type} ${type} rw,${options}`;

const systemdV1 = [
  mount("/sys/fs/cgroup/unified", "cgroup2", "nsdelegate"),
  mount("/sys/fs/cgroup/systemd", "cgroup", "xattr,name=systemd"),
  mount("/sys/fs/cgroup/cpu,cpuacct", "cgroup", "cpu,cpuacct"),
  mount("/sys/fs/cgroup/memory", "cgroup", "memory"),
].join("\n");

describe("findHierarchies()", () => {
  it("takes our own cgroup of every controller on version 1, and neither systemd's nor the unified one", () => {
    const own = "4:memory:/user.slice/u\n3:cpuacct,cpu:/user.slice\n1:name=systemd:/user.slice\n0::/user.slice\n";
    assert.deepEqual(findHierarchies(own, systemdV1), [
      { parent: "/sys/fs/cgroup/memory/user.slice/u", controllers: "memory" },
      { parent: "/sys/fs/cgroup/cpu,cpuacct/user.slice", controllers: "cpuacct,cpu" },
    ]);
  });

  it("finds the way in a container, whose mounts show a part of the hierarchy", () => {
    const mountinfo = mount("/sys/fs/cgroup/memory", "cgroup", "memory", "/docker/x");
    assert.deepEqual(findHierarchies("4:memory:/docker/x/y\n", mountinfo), [
      { parent: "/sys/fs/cgroup/memory/y", controllers: "memory" },
    ]);
  });

  it("takes the top on version 2, where a cgroup with processes gives no controllers away", () => {
    const mountinfo = mount("/sys/fs/cgroup", "cgroup2", "nsdelegate");
    assert.deepEqual(findHierarchies("0::/user.slice/session-1.scope\n", mountinfo), [
      { parent: "/sys/fs/cgroup", controllers: undefined },
    ]);
  });

  it("says so when there is none", () => {
    assert.throws(() => findHierarchies("", mount("/proc", "proc", "x")), /no cgroup file system/);
  });
});

it("planNodeCgroups() names a folder in each hierarchy, and the version", () => {
  assert.deepEqual(planNodeCgroups([{ parent: "/c/memory", controllers: "memory" }], "n"), {
    version: 1,
    folders: [{ path: "/c/memory/n", controllers: "memory" }],
  });
  assert.equal(planNodeCgroups([{ parent: "/c", controllers: undefined }], "n").version, 2);
});
