// Two releases, both really built, change places on nodes where VMs run, while VMs' pods, others and direct calls of the plugin
// keep coming: no tap is touched, no limit lifted, and nothing fails but what is to be tried again.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { startInstalledBed, waitUntilInstalled } from "../../deploy/local/bed/installed/installed-bed.ts";
import { setNodeLimits } from "../../deploy/local/bed/installed/node-limits.ts";
import type { PodLink } from "../../deploy/local/bed/installed/pod-links.ts";
import { type Release, releaseOf } from "../../deploy/local/bed/installed/release.ts";
import type { VmPod } from "../../deploy/local/bed/installed/vm-pod.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { readEvents } from "../../deploy/local/story/observe.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { type Arrivals, startArrivals } from "./arrivals.ts";
import { type DirectCalls, type DirectKind, startDirectCalls } from "./direct-calls.ts";
import { buildNextRelease } from "./next-release.ts";
import { waitUntilEmpty } from "./node-leftovers.ts";
import { readFailedCalls } from "./plugin-log.ts";
import { waitForCondition } from "./profile-condition.ts";
import { linksOf, netnsOf, removePods, startVm, virtualMachine } from "./vm-pods.ts";

const layout = layoutOfCheckout();
const limits = { node1: 4, node2: 2 };

/** What came of everything that kept coming. */
interface Traffic {
  /** What the kernel told of changes of running VMs' links, for each VM. */
  readonly linkChanges: readonly string[];
  /** Every value that node1's sysctl had. */
  readonly sysctlValues: readonly string[];
  readonly vms: readonly Arrivals[];
  readonly others: readonly Arrivals[];
  readonly direct: readonly DirectCalls[];
}

describe("a release that replaces another while VMs run and pods come", () => {
  let bed: Bed;
  let present: Release;
  let next: Release;
  let running: readonly VmPod[];
  let taps: readonly PodLink[];

  before(async () => {
    present = releaseOf(layout);
    next = await buildNextRelease(layout);
    bed = await startInstalledBed({ layout, images: [...present.images, ...next.images] });
    await setNodeLimits(bed, limits);
    running = await Promise.all(bed.nodes.map(({ name }) => startVm(bed, virtualMachine(`running-on-${name}`, name))));
    for (const pod of running) await waitUntilUp(pod);
    taps = await readTaps();
  });
  after(async () => bed?.[Symbol.asyncDispose]());

  const readTaps = async (): Promise<readonly PodLink[]> => {
    const found = await Promise.all(running.map(async (pod) => (await linksOf(bed, pod)).get("tap0")));
    return found.filter((tap) => tap !== undefined);
  };

  /** The kernel tells of an opened tap up to a second later. */
  const waitUntilUp = async (pod: VmPod): Promise<void> => {
    const argv = ["nsenter", `--net=${await netnsOf(bed, pod)}`, "ip", "link", "show", "tap0"];
    await waitUntil("the tap's operational state", async () =>
      (await bed.node(pod.vm.node).run(argv)).stdout.includes("state UP") ? true : undefined,
    );
  };

  /** Hears of every change of a running VM's links from the kernel. */
  const watchLinks = async (pod: VmPod): Promise<{ readonly stop: () => Promise<string> }> => {
    const node = bed.node(pod.vm.node);
    const script = `nsenter --net=${await netnsOf(bed, pod)} ip monitor link & until [ -e /run/bed/monitor.stop ]; do sleep 0.2; done; kill $!; rm /run/bed/monitor.stop`;
    const ended = node.run(["bash", "-c", script], { timeoutMs: 600_000 });
    return {
      stop: async () => {
        await node.run(["touch", "/run/bed/monitor.stop"]);
        return (await ended).stdout;
      },
    };
  };

  /** Every value that node1's sysctl has had. */
  const watchSysctl = (): { readonly stop: () => Promise<readonly string[]> } => {
    const values = new Set<string>();
    let isOver = false;
    const ended = (async () => {
      for (; !isOver; await delay(20)) values.add(readFileSync(bed.node("node1").tuntapSysctlFile, "utf8"));
    })();
    return {
      stop: async () => {
        isOver = true;
        await ended;
        return [...values];
      },
    };
  };

  /** Waits until every node's agent says that the plugin is this release's. */
  const waitForRelease = async ({ pluginSha256 }: Release): Promise<void> => {
    await waitUntilInstalled(bed);
    const isNew = new RegExp(`^True .*${pluginSha256.slice(0, 12)}`);
    for (const { name } of bed.nodes) await waitForCondition(bed, name, "PluginInstalled", isNew);
  };

  /** Puts a release in the place of the one that is there, while everything keeps coming. */
  const replaceBy = async (release: Release): Promise<Traffic> => {
    const monitors = await Promise.all(running.map(watchLinks));
    const sysctl = watchSysctl();
    const kinds: readonly DirectKind[] = ["static", "ordinary"];
    const direct = bed.nodes.flatMap((node) => kinds.map((kind) => startDirectCalls(node, kind)));
    const vms = bed.nodes.map(({ name }) => startArrivals(bed, name, "vm"));
    const others = bed.nodes.map(({ name }) => startArrivals(bed, name, "ordinary"));
    await bed.kubectl(["apply", "-k", release.overlay]);
    await waitForRelease(release);
    return {
      vms: await Promise.all(vms.map((row) => row.stop())),
      others: await Promise.all(others.map((row) => row.stop())),
      direct: await Promise.all(direct.map((row) => row.stop())),
      linkChanges: await Promise.all(monitors.map((monitor) => monitor.stop())),
      sysctlValues: await sysctl.stop(),
    };
  };

  for (const [title, choose] of Object.entries({
    "the next release replaces the present one": () => next,
    "the present release comes back": () => present,
  })) {
    describe(title, () => {
      let traffic: Traffic;
      let failedBefore: readonly number[];

      before(async () => {
        failedBefore = await Promise.all(bed.nodes.map(async (node) => (await readFailedCalls(node)).length));
        traffic = await replaceBy(choose());
      });

      it("puts its plugin on every node, and an event says so", async () => {
        const { pluginSha256 } = choose();
        for (const node of bed.nodes) {
          const { stdout } = await node.run(["sha256sum", "/opt/cni/bin/mqtap"]);
          assert.equal(stdout, `${pluginSha256}  /opt/cni/bin/mqtap\n`);
          const events = await readEvents(bed.controlPlane, { kind: "NodeNetworkProfile", name: node.name });
          const replaced = events.filter(({ reason }) => reason === "PluginReplaced").map(({ note }) => note);
          assert.ok(
            replaced.some((note) => note.includes(pluginSha256.slice(0, 12))),
            JSON.stringify(events),
          );
        }
      });

      it("touches no tap of a running VM, and ends no launcher", async () => {
        assert.equal(taps.length, running.length);
        assert.deepEqual(await readTaps(), taps);
        assert.deepEqual(traffic.linkChanges, ["", ""]);
        for (const { name } of running) {
          const restarts = await bed.kubectl([
            "get",
            "pod",
            name,
            "-o=jsonpath={.status.containerStatuses[*].restartCount}",
          ]);
          assert.equal(restarts, "0 0");
        }
      });

      it("lets no limit go meanwhile", () => {
        assert.deepEqual(traffic.sysctlValues, ["4\n"]);
      });

      it("lets every VM's pod come up within the limit; what failed meanwhile was to be tried again", async () => {
        for (const [index, { pods, refusals }] of traffic.vms.entries()) {
          const queues = Object.values(limits)[index];
          assert.ok(pods.length > 1);
          assert.deepEqual([...new Set(pods)], [`companion for ${queues}, ${queues} open, 107:107, noqueue, up`]);
          for (const note of refusals) assert.match(note, /cannot ask mqtap's agent|cannot size the tap now/);
        }
        for (const [index, node] of bed.nodes.entries()) {
          for (const call of (await readFailedCalls(node)).slice(failedBefore[index])) {
            assert.deepEqual([call.verb, call.code], ["ADD", 11], JSON.stringify(call));
            assert.match(call.pod ?? "", /virt-launcher-/);
          }
        }
      });

      it("lets other pods come up as ever, and never fails a call that needs no agent", () => {
        for (const { pods, refusals } of traffic.others) {
          assert.ok(pods.length > 1);
          assert.deepEqual(refusals, []);
        }
        assert.equal(traffic.direct.length, 4);
        for (const { pairs, failures } of traffic.direct) {
          assert.deepEqual(failures, []);
          assert.ok(pairs > 20, `${pairs} calls`);
        }
      });
    });
  }

  it("leaves nothing on the nodes", async () => {
    await removePods(bed, ...running);
    await waitUntilEmpty(bed);
  });
});
