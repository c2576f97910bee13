// An upgrade and a downgrade of the CRDs on a real API server: what is stored stays readable and valid both ways. The
// older version is today's without some optional fields, as every older one is.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { stringify } from "yaml";
import { customResourceDefinition } from "../../crds/generate.ts";
import { nodeNetworkConfigKind, parseNodeNetworkConfig } from "../../crds/node-network-config.ts";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { type ControlPlane, startControlPlane } from "../../deploy/local/control-plane.ts";
import { root } from "./rendered.ts";

let controlPlane: ControlPlane;
before(async () => {
  controlPlane = await startControlPlane({ binDir: componentDirectory() });
});
after(() => controlPlane?.[Symbol.asyncDispose]());

const kubectl = (args: readonly string[], stdin = "") => controlPlane.kubectl(args, { stdin });

/** Today's CRD of configs without these fields of its spec. */
function olderCrd(fields: readonly string[]): string {
  const definition = JSON.stringify(customResourceDefinition(nodeNetworkConfigKind), (key, value) =>
    key === "properties" && fields.every((field) => field in value) ? without(value, fields) : value,
  );
  assert.notEqual(definition, JSON.stringify(customResourceDefinition(nodeNetworkConfigKind)));
  return definition;
}

function without(properties: object, fields: readonly string[]): object {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !fields.includes(name)));
}

async function applyCrds(args: readonly string[], stdin = ""): Promise<void> {
  await kubectl(["apply", ...args], stdin);
  await kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd", "nodenetworkconfigs.mqtap.io"]);
}

async function storedSpec(name: string): Promise<object> {
  return parseNodeNetworkConfig(JSON.parse(await kubectl(["get", "mqc", name, "-o=json"]))).spec;
}

function config(name: string, spec: object): string {
  const object = { apiVersion: "mqtap.io/v1alpha1", kind: "NodeNetworkConfig", metadata: { name }, spec };
  return stringify(object);
}

const older = olderCrd(["paused", "rollout"]);

test("an object stored by an older release is whole after the upgrade, and takes the new fields", async () => {
  await applyCrds(["-f", "-"], older);
  const spec = { nodeSelector: {}, priority: 7, tuntap: { maxQueues: 4 } };
  await kubectl(["create", "--validate=strict", "-f", "-"], config("old", spec));
  await assert.rejects(
    kubectl(["create", "--validate=strict", "-f", "-"], config("new", { ...spec, paused: true })),
    /unknown field "spec\.paused"/,
  );
  await applyCrds(["-k", `${root}/crds`]);
  assert.partialDeepStrictEqual(await storedSpec("old"), spec);
  // the defaults of fields that it was stored without
  assert.partialDeepStrictEqual(await storedSpec("old"), {
    paused: false,
    rollout: { maxConcurrent: "10%", canary: 0 },
  });
  await kubectl(["patch", "mqc", "old", "--type=merge", "-p", '{"spec":{"paused":true}}']);
  assert.partialDeepStrictEqual(await storedSpec("old"), { ...spec, paused: true });
});

test("after a downgrade it is still there, without what that release does not know", async () => {
  await applyCrds(["-f", "-"], older);
  await kubectl(["label", "mqc", "old", "looked-at=yes"]);
  const stored = JSON.parse(await kubectl(["get", "mqc", "old", "-o=json"]));
  assert.deepEqual(Object.keys(stored.spec).toSorted(), ["nodeSelector", "onRemoval", "priority", "tuntap"]);
  await applyCrds(["-k", `${root}/crds`]);
  assert.partialDeepStrictEqual(await storedSpec("old"), { priority: 7, paused: false });
});
