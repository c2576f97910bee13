import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { InspectReport } from "../../../cni/inspect/report.ts";
import { FakeCluster } from "../../../test/fakes/fake-cluster.ts";
import { reportedTap } from "../../../test/fakes/tap-report.ts";
import { KubeApiError } from "../../kube/transport.ts";
import { realDisk } from "../install/disk.ts";
import { InventoryError } from "../inventory.ts";
import { findReference } from "./find-references.ts";

const networks = "/apis/k8s.cni.cncf.io/v1/network-attachment-definitions";
const nothingThere: InspectReport = { taps: [], failures: [] };
const chain = '{"name":"pods","plugins":[{"type":"bridge"}]}';

/** A node on which nothing needs the plugin. */
function node() {
  const root = mkdtempSync(join(tmpdir(), "mqtap-references-"));
  for (const name of ["netns", "net.d"]) mkdirSync(join(root, name));
  const put = (name: string, text: string): void => writeFileSync(join(root, name), text);
  put("net.d/10-pods.conflist", chain);
  const cluster = new FakeCluster();
  cluster.put(`${networks}/blue`, { metadata: { name: "blue", namespace: "vms" }, spec: { config: chain } });
  const situation = {
    disk: realDisk,
    take: () => Promise.resolve(nothingThere),
    netnsDirs: [join(root, "netns")],
    confDirs: [join(root, "net.d")],
    transport: cluster,
    shown: (path: string) => path.replace(root, ""),
    signal: new AbortController().signal,
  };
  const find = async (more: Partial<Parameters<typeof findReference>[0]> = {}): Promise<string> => {
    const found = await findReference({ ...situation, ...more });
    return found === undefined ? "nothing" : `${found.reason}: ${found.message}`;
  };
  return {
    put,
    cluster,
    find,
    remove: (name: string) => rmSync(join(root, name)),
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

test("findReference() finds nothing on a node that does not need the plugin", async () => {
  using bed = node();
  assert.equal(await bed.find(), "nothing");
  bed.put("net.d/readme.txt", '"mqtap"');
  const taps = [
    { ...reportedTap, mark: { mode: "adopted" as const, queues: 2 } },
    { ...reportedTap, mark: undefined },
  ];
  assert.equal(await bed.find({ take: () => Promise.resolve({ taps, failures: [] }) }), "nothing");
});

test("findReference() finds a tap of mqtap, and says where", async () => {
  using bed = node();
  const found = await bed.find({ take: () => Promise.resolve({ taps: [reportedTap], failures: [] }) });
  assert.match(found, /^TapsPresent: .*tap0 in \/run\/netns\/a.*stop or migrate/);
});

test("findReference() does not take what cannot be looked at for empty", async () => {
  using bed = node();
  const failures = [{ netns: "/run/netns/x", why: "EPERM" }];
  assert.match(
    await bed.find({ take: () => Promise.resolve({ taps: [], failures }) }),
    /^InspectionFailed: .*netns\/x: EPERM/,
  );
  const broken = () => Promise.reject(new InventoryError("it failed"));
  assert.match(await bed.find({ take: broken }), /^InspectionFailed: it failed/);
  assert.match(await bed.find({ netnsDirs: ["/nonexistent/netns"] }), /^InspectionFailed: .*mount it/);
  assert.match(await bed.find({ confDirs: ["/nonexistent/net.d"] }), /^ConfigurationsUnreadable: .*ENOENT/);
  bed.remove("net.d/10-pods.conflist");
  assert.match(await bed.find(), /^ConfigurationsUnreadable: there is no CNI configuration in \/net\.d/);
});

test("findReference() finds the runtime's configuration that names the plugin", async () => {
  using bed = node();
  bed.put("net.d/05-vms.conflist", '{"plugins":[{"type":"bridge"},{"type":"mqtap"}]}');
  assert.match(await bed.find(), /^ConfigurationsRefer: .*\/net\.d\/05-vms\.conflist/);
});

test("findReference() finds networks of the cluster, and names some of many", async () => {
  using bed = node();
  for (const name of ["a", "b", "c", "d"]) {
    bed.cluster.put(`${networks}/${name}`, {
      metadata: { name, namespace: "vms" },
      spec: { config: '{"type":"mqtap"}' },
    });
  }
  assert.match(await bed.find(), /^NetworksRefer: .*vms\/a, vms\/b, vms\/c and 1 more/);
});

test("findReference() keeps the plugin where networks may not be listed or nobody answers, not where there are none", async () => {
  using bed = node();
  const refusing = (status: number, reason: string) => ({
    request: () => Promise.reject(new KubeApiError({ status, reason, message: `${reason} by the server` })),
    watch: () => Promise.reject(new Error("not asked for")),
    close: () => undefined,
  });
  assert.match(
    await bed.find({ transport: refusing(403, "Forbidden") }),
    /^NetworksUnreadable: .*deploy\/overlays\/uninstall/,
  );
  assert.equal(await bed.find({ transport: refusing(404, "NotFound") }), "nothing");
  bed.cluster.goDown();
  assert.match(await bed.find(), /^NetworksUnreadable: .*ECONNREFUSED/);
});
