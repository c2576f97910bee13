// operator/kube against a real API server: what the in-memory and scripted ones cannot prove: that server-side apply,
// events, leases, paging and watches are taken as we send them, and that a crash of the API server is survived.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { type ControlPlane, startControlPlane } from "../../deploy/local/control-plane.ts";
import { createNamespace, writeNodeReady } from "../../deploy/local/nodes.ts";
import { apply, applyStatus } from "../../operator/kube/apply.ts";
import { systemClock } from "../../operator/kube/clock.ts";
import { createEventRecorder } from "../../operator/kube/events.ts";
import { LeadershipLostError } from "../../operator/kube/fenced-transport.ts";
import { createInClusterTransport } from "../../operator/kube/in-cluster-transport.ts";
import { createKubeconfigTransport } from "../../operator/kube/kubeconfig-transport.ts";
import { type Leadership, runAsLeader } from "../../operator/kube/leader-election.ts";
import { type ObjectMeta, parseObjectMeta } from "../../operator/kube/object-meta.ts";
import { startReflector } from "../../operator/kube/reflector.ts";
import { resourcePath } from "../../operator/kube/resource-path.ts";
import type { KubeTransport } from "../../operator/kube/transport.ts";
import { eventually } from "../fakes/eventually.ts";
import { createMemoryLog } from "../fakes/memory-log.ts";

const namespace = "kube";
const configMaps = resourcePath({ group: "", version: "v1", plural: "configmaps", namespace });
const clock = systemClock;
const { random } = Math;

let controlPlane: ControlPlane;
const transports: Record<string, KubeTransport> = {};

function transport(name = "in-cluster"): KubeTransport {
  const found = transports[name];
  assert.ok(found);
  return found;
}

function configMap(name: string, data: Readonly<Record<string, string>> = {}) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
}

function putConfigMap(name: string, data: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const object = configMap(name, data);
  return apply({ transport: transport(), path: `${configMaps}/${name}`, object, fieldManager: "test" });
}

before(async () => {
  controlPlane = await startControlPlane({ binDir: componentDirectory() });
  await createNamespace(controlPlane, namespace);
  const { server, caFile, adminToken, adminKubeconfigPath } = controlPlane;
  const tokenFile = join(controlPlane.directory, "test-token");
  writeFileSync(tokenFile, adminToken);
  transports["in-cluster"] = createInClusterTransport({ server, caFile, tokenFile, clock });
  transports["kubeconfig"] = createKubeconfigTransport({ kubeconfigFile: adminKubeconfigPath, clock });
});

after(async () => {
  for (const one of Object.values(transports)) {
    one.close();
  }
  await controlPlane[Symbol.asyncDispose]();
});

describe("operator/kube on a real API server", () => {
  for (const name of ["in-cluster", "kubeconfig"]) {
    it(`reads, is refused, and watches through the ${name} transport`, async () => {
      const { body } = await transport(name).request({ method: "GET", path: "/api/v1/namespaces/kube" });
      assert.equal(parseObjectMeta(body).name, "kube");
      await assert.rejects(transport(name).request({ method: "GET", path: `${configMaps}/none` }), {
        status: 404,
        reason: "NotFound",
        message: 'configmaps "none" not found',
      });
      const frames = await transport(name).watch({
        method: "GET",
        path: configMaps,
        query: { watch: true, timeoutSeconds: 30, fieldSelector: `metadata.name=${name}` },
      });
      await putConfigMap(name);
      for await (const frame of frames) {
        assert.equal(parseObjectMeta(Object(frame).object).name, name);
        break;
      }
    });
  }

  it("applies labels to a node and removes them again, each manager its own, and never makes a node", async () => {
    const { uid } = await writeNodeReady(controlPlane, "n1", { theirs: "stays" });
    const path = "/api/v1/nodes/n1";
    const applyLabels = async (labels: Readonly<Record<string, string>>): Promise<ObjectMeta> => {
      const object = { apiVersion: "v1", kind: "Node", metadata: { name: "n1", uid, labels } };
      return parseObjectMeta(await apply({ transport: transport(), path, object, fieldManager: "labeller" }));
    };
    assert.equal((await applyLabels({ ours: "1" })).labels["ours"], "1");
    const { labels } = await applyLabels({});
    assert.deepEqual([labels["ours"], labels["theirs"]], [undefined, "stays"]);
    await transport().request({ method: "DELETE", path });
    await assert.rejects(applyLabels({ ours: "2" }), { status: 409 });
  });

  it("applies a status", async () => {
    await writeNodeReady(controlPlane, "n2");
    const condition = { type: "Tested", status: "True", reason: "Tested", message: "by a test" };
    const object = {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "n2" },
      status: { conditions: [condition] },
    };
    const stored = await applyStatus({
      transport: transport(),
      path: "/api/v1/nodes/n2",
      object,
      fieldManager: "test",
    });
    const types = Object(stored).status.conditions.map(({ type }: { readonly type: string }) => type);
    assert.deepEqual(types.sort(), ["Ready", "Tested"]);
  });

  it("writes events that kubectl shows, and counts repeated ones", async () => {
    const { log, lines } = createMemoryLog();
    const recorder = createEventRecorder({
      transport: transport(),
      reportingController: "test.example/kube",
      reportingInstance: "here",
      clock,
      random,
      log,
    });
    const regarding = { apiVersion: "v1", kind: "ConfigMap", namespace, name: "subject", uid: "1-2-3" };
    const happened = { regarding, type: "Warning", reason: "Tested", action: "Test", note: "8 -> 4" } as const;
    const node = { apiVersion: "v1", kind: "Node", name: "n2" };
    for (let n = 0; n < 3; n += 1) {
      recorder.record(happened);
    }
    recorder.record({ ...happened, regarding: node });
    await recorder.flush();
    assert.deepEqual(lines, []);
    const shown = await controlPlane.kubectl(["-n", namespace, "events", "--for", "configmap/subject"]);
    assert.match(shown, /\(x3 over .*\)\s+Warning\s+Tested\s+ConfigMap\/subject\s+8 -> 4/);
    const onNode = await controlPlane.kubectl(["-n", "default", "get", "events", "-o=name"]);
    assert.match(onNode, /^event\/n2\./m);
  });

  it("hands a lease from a leader that stops to the next one, and fences the old one off", async () => {
    const { log } = createMemoryLog();
    const elect = (identity: string) => {
      const stop = new AbortController();
      const leaderships: Leadership[] = [];
      const ended = runAsLeader(
        {
          transport: transport(),
          namespace,
          name: "elected",
          identity,
          leaseDurationMs: 15_000,
          renewDeadlineMs: 10_000,
          retryPeriodMs: 100,
          clock,
          random,
          log,
          signal: stop.signal,
        },
        (leadership) => {
          leaderships.push(leadership);
          return new Promise((resolve) => leadership.signal.addEventListener("abort", () => resolve()));
        },
      );
      return { stop, leaderships, ended };
    };
    const first = elect("first");
    await eventually("the first to lead", () => first.leaderships.length === 1);
    const second = elect("second");
    first.stop.abort();
    assert.equal(await first.ended, "released");
    await eventually("the second to lead", () => second.leaderships.length === 1);
    const jsonPath = "-o=jsonpath={.spec.holderIdentity} {.spec.leaseTransitions}";
    assert.equal(await controlPlane.kubectl(["-n", namespace, "get", "lease", "elected", jsonPath]), "second 1");
    const request = { method: "GET", path: configMaps } as const;
    assert.equal((await second.leaderships[0]?.transport.request(request))?.status, 200);
    await assert.rejects(async () => first.leaderships[0]?.transport.request(request), LeadershipLostError);
    second.stop.abort();
    assert.equal(await second.ended, "released");
  });

  it("reflects a collection of several pages, and goes on after the API server has crashed", async () => {
    const names = Array.from({ length: 510 }, (_, n) => `page-${n}`);
    const label = { paged: "yes" };
    for (let n = 0; n < names.length; n += 30) {
      await Promise.all(
        names.slice(n, n + 30).map((name) =>
          transport().request({
            method: "POST",
            path: configMaps,
            body: { ...configMap(name), metadata: { name, labels: label } },
          }),
        ),
      );
    }
    const stop = new AbortController();
    const changed: string[] = [];
    const reflector = startReflector({
      transport: transport(),
      path: configMaps,
      labelSelector: "paged=yes",
      parse: parseObjectMeta,
      keyOf: ({ name }) => name,
      onChange: (key, { kind }) => changed.push(`${kind} ${key}`),
      clock,
      random: () => 0, // the shortest back-off
      log: createMemoryLog().log,
      signal: stop.signal,
    });
    await reflector.synced;
    assert.equal(reflector.store.size, 510);

    await eventually("the watch", () => reflector.health().connected);
    await controlPlane.stopApiServer("SIGKILL");
    await eventually("the failure", () => reflector.health().failures > 0);
    assert.equal(reflector.store.size, 510, "what is known stays known");
    await controlPlane.startApiServer();
    await transport().request({ method: "DELETE", path: `${configMaps}/page-7` });
    await eventually("the deletion", () => changed.includes("deleted page-7"));
    assert.equal(reflector.store.size, 509);
    assert.equal(reflector.health().failures, 0);
    stop.abort();
    await reflector.done;
  });
});
