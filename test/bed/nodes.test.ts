// The bed itself: two whole nodes whose pods run, reach each other and get a second network from Multus; containerd, kubelet
// and a node are stopped under them.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { startBed } from "../../deploy/local/bed/start-bed.ts";
import { networkManifest } from "../../deploy/local/multus.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { apply, givenAddresses, idlePod, inPod, readPod, waitReady } from "./pods.ts";

const red = {
  cniVersion: "1.0.0",
  name: "red",
  plugins: [{ type: "bridge", bridge: "br-red", ipam: { type: "host-local", ranges: [[{ subnet: "10.50.0.0/24" }]] } }],
};

describe("a bed of two nodes", () => {
  let bed: Bed;
  before(async () => {
    bed = await startBed({ layout: layoutOfCheckout() });
    await apply(bed, networkManifest("red", red));
    await apply(
      bed,
      idlePod("a", "node1"),
      idlePod("b", "node2"),
      idlePod("c", "node1", [{ name: "red", interface: "net1" }]),
    );
    await waitReady(bed, "a", "b", "c").catch(async (error) => {
      console.error(await bed.kubectl(["describe", "pods"]), bed.logTails().join("\n"));
      throw error;
    });
  });
  after(async () => bed?.[Symbol.asyncDispose]());

  const bootIds = async (): Promise<readonly string[]> =>
    (await bed.kubectl(["get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.bootID}"])).split(" ");

  it("runs pods on both, each with an address of its node", async () => {
    assert.match((await readPod(bed, "a")).status.podIP, /^10\.244\.1\./);
    assert.match((await readPod(bed, "b")).status.podIP, /^10\.244\.2\./);
  });

  it("lets pods reach each other on a node and across nodes, and the API server by its service's address", async () => {
    for (const target of ["c", "b"]) {
      const { podIP } = (await readPod(bed, target)).status;
      assert.match(await inPod(bed, "a", ["ping", "-c", "1", "-w", "10", podIP]), /1 packets received/);
    }
    const said = await inPod(bed, "a", [
      "sh",
      "-c",
      "nc -w 5 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT < /dev/null && echo open",
    ]);
    assert.equal(said, "open\n");
  });

  it("gives a second interface through Multus, and takes it back with the pod", async () => {
    assert.match(await inPod(bed, "c", ["ip", "addr", "show", "net1"]), /inet 10\.50\.0\./);
    assert.match(
      (await readPod(bed, "c")).metadata.annotations["k8s.v1.cni.cncf.io/network-status"] ?? "",
      /default\/red/,
    );
    const isRed = (address: string): boolean => address.startsWith("red/");
    assert.equal((await givenAddresses(bed, "node1")).filter(isRed).length, 1);
    await bed.kubectl(["delete", "pod", "c"]);
    await waitUntil("the address to be free", async () =>
      (await givenAddresses(bed, "node1")).some(isRed) ? undefined : true,
    );
  });

  it("has nodes with boot ids of their own, which pods see too", async () => {
    const expected = bed.nodes.map(({ bootId }) => bootId);
    assert.deepEqual(await bootIds(), expected);
    assert.equal(new Set(expected).size, 2);
    assert.equal(await inPod(bed, "b", ["cat", "/proc/sys/kernel/random/boot_id"]), `${expected[1]}\n`);
  });

  it("keeps pods running while containerd and kubelet are away", async () => {
    const before = (await readPod(bed, "a")).status.containerStatuses;
    const node = bed.node("node1");
    await node.stopDaemon("kubelet");
    await node.stopDaemon("containerd");
    const { stdout } = await node.run(["sh", "-c", "pidof containerd kubelet || echo none"]);
    assert.equal(stdout, "none\n");
    await node.startDaemon("containerd");
    await node.startDaemon("kubelet");
    await waitUntil("the daemons to serve again", async () =>
      (await inPod(bed, "a", ["true"]).catch(() => undefined)) === "" ? true : undefined,
    );
    assert.deepEqual((await readPod(bed, "a")).status.containerStatuses, before);
  });

  it("boots a node anew: another boot id, the disk as it was, its pods again, the other node untouched", async () => {
    const [first, second] = await bootIds();
    const untouched = (await readPod(bed, "b")).status.containerStatuses;
    const node = bed.node("node1");
    const oldPid = node.pid;
    await node.writeFile("/var/lib/kept", "kept\n");
    await node.reboot();
    assert.notEqual(node.pid, oldPid);
    assert.equal((await node.run(["cat", "/var/lib/kept"])).stdout, "kept\n");
    await waitUntil("the node's new boot id", async () => ((await bootIds())[0] === first ? undefined : true));
    assert.deepEqual(await bootIds(), [node.bootId, second]);
    await waitUntil(
      "the pod to run again",
      async () => {
        const [status] = (await readPod(bed, "a").catch(() => undefined))?.status.containerStatuses ?? [];
        return status?.restartCount === 1 ? true : undefined;
      },
      { timeoutMs: 60_000 },
    );
    await waitReady(bed, "a");
    assert.match(
      await inPod(bed, "a", ["ping", "-c", "1", "-w", "10", (await readPod(bed, "b")).status.podIP]),
      /1 packets received/,
    );
    assert.deepEqual((await readPod(bed, "b")).status.containerStatuses, untouched);
  });
});
