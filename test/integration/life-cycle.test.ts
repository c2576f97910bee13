// The whole life of an attachment in every cniVersion, with the kernel looked at between the steps.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parseAlias } from "../../cni/tap/alias.ts";
import { Bed, type NetworkLink } from "./bed.ts";
import { fail, invoke, succeed } from "./plugin.ts";

let bed: Bed;
before(async () => {
  bed = await Bed.open();
});
after(async () => {
  await bed[Symbol.asyncDispose]();
});

const full = { queues: 4, mtu: 1400, mac: "02:00:00:00:00:AA", owner: 1000, group: 1001 };

function assertTap(link: NetworkLink | undefined, wantedQueues: number): void {
  assert.ok(link, "the tap is not there");
  assert.equal(link.linkinfo?.info_kind, "tun");
  const data = link.linkinfo?.info_data ?? {};
  assert.equal(data["type"], "tap");
  assert.equal(data["multi_queue"], wantedQueues > 1);
  assert.equal(data["persist"], true);
  assert.equal(data["pi"], false);
  assert.equal(link.qdisc, "noqueue");
  assert.ok(link.flags.includes("UP"));
  const alias = parseAlias(link.ifalias);
  assert.deepEqual([alias?.mode, alias?.queues], ["main", wantedQueues]);
}

describe("an attachment's life", () => {
  for (const cniVersion of ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]) {
    const namespace = `life-${cniVersion.replaceAll(".", "-")}`;
    const conf = { cniVersion, ...full };

    test(`ADD, CHECK, ADD, DEL and DEL again with cniVersion ${cniVersion}`, async () => {
      const netns = await bed.addNamespace(namespace);
      const result = await succeed(bed, { command: "ADD", netns, conf });
      assert.deepEqual(result, {
        cniVersion,
        interfaces: [
          { name: "eth0", mac: "02:00:00:00:00:aa", ...(cniVersion === "1.1.0" ? { mtu: 1400 } : {}), sandbox: netns },
        ],
      });
      const made = await bed.link(namespace, "eth0");
      assertTap(made, 4);
      assert.deepEqual(await bed.ownership(namespace, "eth0"), ["1000", "1001"]);
      assert.deepEqual([made?.mtu, made?.address], [1400, "02:00:00:00:00:aa"]);

      const withResult = { ...conf, prevResult: result };
      if (cniVersion.startsWith("0.3.")) {
        const refusal = await fail(bed, { command: "CHECK", netns, conf: withResult });
        assert.deepEqual([refusal.code, refusal.msg], [1, "config version does not allow CHECK"]);
      } else {
        assert.equal(await succeed(bed, { command: "CHECK", netns, conf: withResult }), undefined);
      }

      // A second ADD of the same attachment finds its own leftover, and makes it anew.
      assert.deepEqual(await succeed(bed, { command: "ADD", netns, conf }), result);
      assert.equal((await bed.links(namespace)).length, 2);

      for (let time = 0; time < 2; time++) {
        assert.equal(await succeed(bed, { command: "DEL", netns, conf }), undefined);
        assert.deepEqual(
          (await bed.links(namespace)).map(({ ifname }) => ifname),
          ["lo"],
        );
      }
    });
  }

  for (const cniVersion of ["0.1.0", "0.2.0", undefined]) {
    test(`cniVersion ${cniVersion ?? "(absent)"} is refused before anything is made, since nothing has an address`, async () => {
      const namespace = `old-${(cniVersion ?? "none").replaceAll(".", "-")}`;
      const netns = await bed.addNamespace(namespace);
      const conf = JSON.stringify({ cniVersion, name: "net", type: "mqtap", multiQueue: true });
      const error = await fail(bed, { command: "ADD", netns, conf });
      assert.equal(error.code, 107);
      assert.match(error.msg, /use 0\.3\.0 or later/);
      assert.equal(error.cniVersion, cniVersion ?? "0.1.0");
      assert.equal((await bed.links(namespace)).length, 1);
      assert.equal(await succeed(bed, { command: "DEL", netns, conf }), undefined);
    });
  }

  test("owner and group are 107 where none is configured, and one queue makes a single-queue tap", async () => {
    const netns = await bed.addNamespace("defaults");
    await succeed(bed, { command: "ADD", netns });
    assertTap(await bed.link("defaults", "eth0"), 1);
    assert.deepEqual(await bed.ownership("defaults", "eth0"), ["107", "107"]);
  });

  test("a multiqueue tap carries no qdisc of its own but noqueue", async () => {
    const netns = await bed.addNamespace("qdisc");
    await succeed(bed, { command: "ADD", netns, conf: { multiQueue: true } });
    const qdiscs: unknown[] = JSON.parse(await bed.must("tc", "-n", "qdisc", "-j", "qdisc", "show", "dev", "eth0"));
    assert.equal(qdiscs.length, 1);
    assert.equal((await bed.link("qdisc", "eth0"))?.qdisc, "noqueue");
  });

  test('"qdisc": "default" leaves the kernel its choice', async () => {
    const netns = await bed.addNamespace("default-qdisc");
    await succeed(bed, { command: "ADD", netns, conf: { multiQueue: true, qdisc: "default" } });
    assert.equal((await bed.link("default-qdisc", "eth0"))?.qdisc, "mq");
  });

  test("the tap becomes a port of the bridge", async () => {
    const netns = await bed.addNamespace("bridge");
    await bed.must("ip", "-n", "bridge", "link", "add", "br0", "type", "bridge");
    await succeed(bed, { command: "ADD", netns, conf: { ...full, bridge: "br0" } });
    assert.equal((await bed.link("bridge", "eth0"))?.master, "br0");
  });

  test("the strongest mac wins", async () => {
    const netns = await bed.addNamespace("mac");
    const macOf = async (containerId: string, call: { args?: string; conf: Record<string, unknown> }) => {
      const result = await succeed(bed, { command: "ADD", netns, containerId, ...call });
      await succeed(bed, { command: "DEL", netns, containerId });
      const { mac } = Object(Object(result)["interfaces"][0]);
      return mac;
    };
    const config = { mac: "02:00:00:00:00:01" };
    const cniArgs = { ...config, args: { cni: { mac: "02:00:00:00:00:02" } } };
    const args = "IgnoreUnknown=1;MAC=02:00:00:00:00:03";
    const runtime = { ...cniArgs, runtimeConfig: { mac: "02-00-00-00-00-04" } };
    assert.equal(await macOf("m1", { conf: config }), "02:00:00:00:00:01");
    assert.equal(await macOf("m2", { conf: cniArgs }), "02:00:00:00:00:02");
    assert.equal(await macOf("m3", { conf: cniArgs, args }), "02:00:00:00:00:03");
    assert.equal(await macOf("m4", { conf: runtime, args }), "02:00:00:00:00:04");
  });

  test("the node's limits decide how many queues the alias promises", async () => {
    const netns = await bed.addNamespace("limit");
    const promised = async (conf: Record<string, unknown>) => {
      await succeed(bed, { command: "ADD", netns, conf });
      const link = await bed.link("limit", "eth0");
      const queues = parseAlias(link?.ifalias)?.queues;
      assert.equal(link?.linkinfo?.info_data?.["multi_queue"], (queues ?? 0) > 1);
      return queues;
    };
    assert.equal(await promised({ queues: 8 }), 8);
    assert.equal(await promised({ multiQueue: true }), 256);
    bed.write(
      "/var/lib/mqtap/node.json",
      JSON.stringify({ maxQueues: 4, source: "NodeNetworkConfig/dense", sysctlPath: "/run/sysctl/max_queues" }),
    );
    assert.equal(await promised({ queues: 8 }), 4);
    assert.equal(await promised({ queues: 3 }), 3);
    assert.equal(await promised({ multiQueue: true, maxQueues: 2 }), 2);
    bed.write("/run/sysctl/max_queues", "2\n");
    assert.equal(await promised({ queues: 8 }), 2);
    bed.write("/run/sysctl/max_queues", "1\n");
    assert.equal(await promised({ multiQueue: true }), 1);
    bed.write("/run/sysctl/max_queues", "many\n");
    bed.write("/var/lib/mqtap/node.json", "{");
    const { stderr } = await invoke(bed, { command: "ADD", netns, conf: { queues: 8 } });
    assert.match(stderr, /node\.json/);
    assert.equal(parseAlias((await bed.link("limit", "eth0"))?.ifalias)?.queues, 8);
    await bed.must("rm", "-r", "/var/lib/mqtap/node.json", "/run/sysctl");
  });

  test("prevResult is kept, and the tap added to it", async () => {
    const netns = await bed.addNamespace("chain");
    const prevResult = {
      cniVersion: "1.1.0",
      interfaces: [{ name: "br0" }],
      ips: [{ address: "10.0.0.2/24", interface: 0 }],
      dns: { nameservers: ["10.0.0.1"] },
    };
    const result = await succeed(bed, { command: "ADD", netns, ifName: "tap7", conf: { prevResult } });
    const { mac, mtu } = Object(Object(result)["interfaces"][1]);
    assert.deepEqual(result, {
      ...prevResult,
      interfaces: [{ name: "br0" }, { name: "tap7", mac, mtu, sandbox: netns }],
    });
    assert.equal(mtu, 1500);
  });
});
