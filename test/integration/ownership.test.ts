// Whose tap is it: leftovers of ours are replaced and removed, everything else of that name stays as it is.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatAlias } from "../../cni/tap/alias.ts";
import type { Bed } from "./bed.ts";
import { holdQueues } from "./hold-queues.ts";
import { fail, invoke, succeed } from "./plugin.ts";
import { podPerTest } from "./pod-per-test.ts";

let bed: Bed;
let namespace: string;
let netns: string;
podPerTest((pod) => {
  ({ bed, namespace, netns } = pod);
});

const whatItIs = async () => {
  const { ifindex, ifalias, linkinfo } = (await bed.link(namespace, "eth0")) ?? {};
  return { ifindex, ifalias, linkinfo };
};
const ip = (...argv: string[]) => bed.must("ip", "-n", namespace, ...argv);

describe("an interface of the wanted name", () => {
  const makers: Record<string, { make: () => Promise<unknown>; msg: RegExp }> = {
    "a bridge": { make: () => ip("link", "add", "eth0", "type", "bridge"), msg: /a link of kind "bridge"/ },
    "a tap of others": { make: () => ip("tuntap", "add", "mode", "tap", "name", "eth0"), msg: /mqtap did not make/ },
    "a tun": { make: () => ip("tuntap", "add", "mode", "tun", "name", "eth0"), msg: /a link of kind "tun"/ },
    "a tap with another text as alias": {
      make: async () => {
        await ip("tuntap", "add", "mode", "tap", "name", "eth0");
        await ip("link", "set", "eth0", "alias", "mqtap/9 x");
      },
      msg: /alias "mqtap\/9 x"/,
    },
    "our tap of another pod sandbox": {
      make: () => succeed(bed, { command: "ADD", netns, containerId: "other" }),
      msg: /another attachment/,
    },
  };
  for (const [what, { make, msg }] of Object.entries(makers)) {
    test(`that is ${what} is neither replaced nor removed`, async () => {
      await make();
      const before = await whatItIs();
      const error = await fail(bed, { command: "ADD", netns, conf: { multiQueue: true } });
      assert.match(error.msg, msg);
      assert.equal(error.code, 100);
      assert.equal(await succeed(bed, { command: "DEL", netns }), undefined);
      assert.deepEqual(await whatItIs(), before);
    });
  }

  test("that is the loopback is not replaced", async () => {
    const error = await fail(bed, { command: "ADD", netns, ifName: "lo" });
    assert.equal(error.code, 100);
  });
});

describe("our own tap", () => {
  test("is made anew by a second ADD that wants it otherwise", async () => {
    await succeed(bed, { command: "ADD", netns, conf: { queues: 4, mtu: 9000 } });
    await succeed(bed, { command: "ADD", netns, conf: { queues: 1, mtu: 1300 } });
    const link = await bed.link(namespace, "eth0");
    assert.equal(link?.mtu, 1300);
    assert.equal(link?.linkinfo?.info_data?.["multi_queue"], false);
  });

  for (const queues of [1, 4]) {
    test(`is not replaced while a program has it open, with ${queues} ${queues === 1 ? "queue" : "queues"}`, async () => {
      await succeed(bed, { command: "ADD", netns, conf: { queues } });
      const before = await whatItIs();
      {
        await using _holder = await holdQueues(bed, { namespace, tap: "eth0", queues });
        const error = await fail(bed, { command: "ADD", netns, conf: { queues, mtu: 1300 } });
        assert.equal(error.code, 100);
        assert.match(error.msg, queues === 1 ? /a program has its queue open/ : /has 4 of its queues open/);
        assert.equal((await whatItIs()).ifindex, before.ifindex);
      }
      await succeed(bed, { command: "ADD", netns, conf: { queues, mtu: 1300 } });
      assert.equal((await bed.link(namespace, "eth0"))?.mtu, 1300);
    });
  }

  test("is found and removed by its mark, even under another name", async () => {
    await succeed(bed, { command: "ADD", netns });
    await ip("link", "set", "eth0", "down");
    await ip("link", "set", "eth0", "name", "odd0");
    await succeed(bed, { command: "DEL", netns });
    assert.equal((await bed.links(namespace)).length, 1);
  });

  test("is not removed once somebody took its mark away", async () => {
    await succeed(bed, { command: "ADD", netns });
    await ip("link", "set", "eth0", "alias", formatAlias({ mode: "adopted", queues: 1 }));
    await succeed(bed, { command: "DEL", netns });
    assert.ok(await bed.link(namespace, "eth0"));
  });
});

describe("CHECK in main mode", () => {
  const conf = { queues: 2, mtu: 1400, owner: 1000 };
  const changes: Record<string, { change: string[]; msg: RegExp }> = {
    "is down": { change: ["link", "set", "eth0", "down"], msg: /it is down/ },
    "has another mtu": { change: ["link", "set", "eth0", "mtu", "1300"], msg: /its mtu is 1300, not 1400/ },
    "has another mac": {
      change: ["link", "set", "eth0", "address", "02:00:00:00:00:99"],
      msg: /its mac is 02:00:00:00:00:99/,
    },
    "lost its mark": { change: ["link", "set", "eth0", "alias", "x"], msg: /no longer carries mqtap's alias/ },
    "is gone": { change: ["link", "del", "eth0"], msg: /its tap is gone/ },
  };
  for (const [what, { change, msg }] of Object.entries(changes)) {
    test(`sees that the tap ${what}`, async () => {
      const prevResult = await succeed(bed, { command: "ADD", netns, conf });
      await ip(...change);
      const error = await fail(bed, { command: "CHECK", netns, conf: { ...conf, prevResult } });
      assert.match(error.msg, msg);
      assert.equal(error.code, 104);
    });
  }

  test("sees that the tap was made again without its queues", async () => {
    const prevResult = await succeed(bed, { command: "ADD", netns, conf });
    const alias = (await bed.link(namespace, "eth0"))?.ifalias ?? "";
    await ip("link", "del", "eth0");
    await ip("tuntap", "add", "mode", "tap", "name", "eth0", "user", "1000", "group", "107");
    await ip("link", "set", "eth0", "alias", alias);
    const error = await fail(bed, { command: "CHECK", netns, conf: { ...conf, prevResult } });
    assert.match(error.msg, /lost its multi-queue flag/);
  });

  test("sees that the configuration wants another owner", async () => {
    const prevResult = await succeed(bed, { command: "ADD", netns, conf });
    const error = await fail(bed, { command: "CHECK", netns, conf: { ...conf, owner: 107, prevResult } });
    assert.match(error.msg, /its owner is 1000, not 107/);
  });

  test("sees another sandbox, a missing interface and a missing prevResult", async () => {
    const prevResult = await succeed(bed, { command: "ADD", netns, conf });
    const interfaces = [{ name: "eth0", sandbox: "/run/netns/other" }];
    const check = (more: Record<string, unknown>) => fail(bed, { command: "CHECK", netns, conf: { ...conf, ...more } });
    assert.match(
      (await check({ prevResult: { ...prevResult, interfaces } })).msg,
      /prevResult has it in \/run\/netns\/other/,
    );
    assert.match(
      (await check({ prevResult: { ...prevResult, interfaces: [] } })).msg,
      /prevResult has no such interface/,
    );
    const missing = await check({});
    assert.deepEqual([missing.code, missing.msg], [7, 'missing "prevResult": CHECK needs the result of ADD']);
  });

  test("sees that the namespace is gone", async () => {
    const prevResult = await succeed(bed, { command: "ADD", netns, conf });
    await bed.must("ip", "netns", "del", namespace);
    const error = await fail(bed, { command: "CHECK", netns, conf: { ...conf, prevResult } });
    assert.equal(error.code, 8);
  });

  test("allows what a plugin after us changed and reported", async () => {
    const result = Object(await succeed(bed, { command: "ADD", netns, conf }));
    await ip("link", "set", "eth0", "mtu", "1300");
    const prevResult = { ...result, interfaces: [{ ...result.interfaces[0], mtu: 1300 }] };
    assert.equal(await succeed(bed, { command: "CHECK", netns, conf: { ...conf, prevResult } }), undefined);
  });
});

describe("parallel calls", () => {
  test("16 ADDs in 16 namespaces all succeed, and 16 DELs leave nothing", async () => {
    const names = Array.from({ length: 16 }, (_, index) => `${namespace}-${index}`);
    const paths: string[] = [];
    for (const name of names) paths.push(await bed.addNamespace(name));
    const conf = { queues: 8 };
    const added = await Promise.all(
      paths.map((path, index) => invoke(bed, { command: "ADD", netns: path, containerId: `c${index}`, conf })),
    );
    assert.deepEqual(
      added.map(({ status }) => status),
      names.map(() => 0),
    );
    await Promise.all(
      paths.map((path, index) => succeed(bed, { command: "DEL", netns: path, containerId: `c${index}`, conf })),
    );
    for (const name of names) assert.equal((await bed.links(name)).length, 1);
  });

  test("16 ADDs of different names in one namespace all succeed", async () => {
    const added = await Promise.all(
      Array.from({ length: 16 }, (_, index) => invoke(bed, { command: "ADD", netns, ifName: `net${index}` })),
    );
    assert.deepEqual(
      added.map(({ status }) => status),
      added.map(() => 0),
    );
    assert.equal((await bed.links(namespace)).length, 17);
  });

  test("of 8 pods that want one name in one namespace, one wins and the others say who has it", async () => {
    const calls = Array.from({ length: 8 }, (_, index) =>
      invoke(bed, { command: "ADD", netns, containerId: `c${index}` }),
    );
    const outcomes = await Promise.all(calls);
    const losers = outcomes.filter(({ status }) => status !== 0).map(({ stdout }) => JSON.parse(stdout).code);
    assert.deepEqual(
      losers,
      Array.from({ length: 7 }, () => 100),
    );
    assert.equal((await bed.links(namespace)).length, 2);
  });
});

describe("a plugin that is killed", () => {
  test("at any moment of ADD leaves nothing that DEL does not remove, and the next ADD succeeds", async (context) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    context.diagnostic(`seed ${seed}`);
    const delays = killDelaysMs(seed, 60);
    let survivors = 0;
    for (const delayMs of delays) {
      await bed.run(["timeout", "-s", "KILL", String(delayMs / 1000), "/run/bin/mqtap"], addCall(netns));
      const left = await bed.link(namespace, "eth0");
      if (left !== undefined) {
        survivors += 1;
        assert.equal(left.linkinfo?.info_data?.["persist"], true);
        assert.ok(left.flags.includes("UP"));
      }
      await succeed(bed, { command: "ADD", netns, conf: { queues: 4 } });
      await succeed(bed, { command: "DEL", netns });
      assert.equal((await bed.links(namespace)).length, 1);
    }
    context.diagnostic(`${survivors} of ${delays.length} were killed after the last step, or not at all`);
  });
});

/** From before the engine starts to after the tap is made. */
function killDelaysMs(seed: number, count: number): readonly number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    // Park and Miller's generator.
    state = (state * 48_271) % 2_147_483_647;
    return 0.5 + (state / 2_147_483_647) * 4;
  });
}

function addCall(target: string) {
  const env = {
    CNI_COMMAND: "ADD",
    CNI_CONTAINERID: "c1",
    CNI_NETNS: target,
    CNI_IFNAME: "eth0",
    CNI_PATH: "/opt/cni/bin",
  };
  return { env, stdin: JSON.stringify({ cniVersion: "1.1.0", name: "net", type: "mqtap", queues: 4 }) };
}
