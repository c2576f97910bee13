// The parts of a tap's SELinux label that need no SELinux: the program that makes the tap on a descriptor which it inherits,
// and what ADD says where the label cannot be had. With SELinux it is proven in a guest.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { IFF_MULTI_QUEUE, IFF_NO_PI, IFF_TAP, IFF_TUN_EXCL } from "../../cni/tun/constants.ts";
import type { Bed, Finished } from "./bed.ts";
import { fail, succeed } from "./plugin.ts";
import { podPerTest } from "./pod-per-test.ts";

let bed: Bed;
let namespace: string;
let netns: string;
podPerTest((pod) => {
  ({ bed, namespace, netns } = pod);
});

const flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL;
/** In the pod: opens the device as descriptor 9, runs mqtap-attach, says what it answers, and what links there are then. */
const script = `exec 9<>/dev/net/tun
(exec -a mqtap-attach /run/bin/mqtap "$@"); echo "status $?"
ip -o link | grep -c eth0
exec 9>&-
ip -o link | grep -c eth0`;

function attach(...argv: readonly (string | number)[]): Promise<Finished> {
  return bed.run(["ip", "netns", "exec", namespace, "bash", "--norc", "-c", script, "bash", ...argv.map(String)]);
}

describe("mqtap-attach", () => {
  test("makes the tap on the descriptor that it inherits, with which it goes", async () => {
    for (const more of [0, IFF_MULTI_QUEUE]) {
      const { stdout, stderr } = await attach(9, flags | more, "eth0");
      assert.deepEqual([stdout, stderr], ["status 0\n1\n0\n", ""]);
    }
  });

  test("answers the kernel's errno", async () => {
    await bed.must("ip", "-n", namespace, "link", "add", "eth0", "type", "bridge");
    assert.equal((await attach(9, flags, "eth0")).stdout, "status 16\n1\n1\n");
    assert.equal((await attach(8, flags, "eth0")).stdout, "status 9\n1\n1\n");
  });

  const wrong: Record<string, readonly (string | number)[]> = {
    "no arguments": [],
    "a descriptor that is no number": ["x9", flags, "eth0"],
    "flags of more than 16 bits": [9, 0x1_0000, "eth0"],
    "an empty name": [9, flags, ""],
    "a name that is a template": [9, flags, "eth%d"],
    "one argument too many": [9, flags, "eth0", "eth1"],
  };
  for (const [what, argv] of Object.entries(wrong)) {
    test(`makes nothing of ${what}`, async () => {
      assert.match((await attach(...argv)).stdout, /"code":999.*\nstatus 70\n0\n0\n$/);
    });
  }
});

describe("ADD with selinuxContext", () => {
  const label = "nobody_u:nobody_r:nobody_t:s0";

  test("fails where the kernel does not take the label, names the field, and leaves nothing", async () => {
    const error = await fail(bed, { command: "ADD", netns, conf: { selinuxContext: label } });
    assert.equal(error.code, 2);
    assert.match(error.msg, /^unsupported field "selinuxContext": "nobody_u:nobody_r:nobody_t:s0": the node's kernel/);
    assert.equal((await bed.links(namespace)).length, 1);
  });

  test("takes the documented spelling of the key in any case", async () => {
    const error = await fail(bed, { command: "ADD", netns, conf: { selinuxcontext: label } });
    assert.equal(error.code, 2);
  });

  test("does not care for the label on DEL and CHECK", async (context) => {
    if (existsSync("/sys/fs/selinux/enforce")) {
      context.skip("this kernel has SELinux, whose policy may forbid it");
      return;
    }
    const prevResult = await succeed(bed, { command: "ADD", netns });
    await succeed(bed, { command: "CHECK", netns, conf: { selinuxContext: label, prevResult } });
    await succeed(bed, { command: "DEL", netns, conf: { selinuxContext: label } });
    assert.equal((await bed.links(namespace)).length, 1);
  });
});
