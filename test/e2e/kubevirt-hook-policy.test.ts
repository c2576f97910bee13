// The policy that adds the hook, on a real API server with KubeVirt's own CRDs: to whom, where, and that it never touches
// what it does not understand. The objects are VirtualMachineInstances, as KubeVirt's controller creates them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { ApiStatusError } from "../../deploy/local/api-request.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { imageName } from "../../operator/agent/sizing/pod.ts";
import { askPeer } from "../kubevirt/peer.ts";
import { annotation, type Owner, vmiOf } from "./hooked-vmi.ts";
import { type KubevirtCluster, kubevirtObject, settings, startKubevirtCluster } from "./kubevirt-cluster.ts";

const ours = { image: settings.hookImage };
const theirs = { image: "registry.test/other:1", args: ["--version", "v1alpha2"] };

let cluster: KubevirtCluster;
const kubectl = (args: readonly string[], stdin = "") => cluster.controlPlane.kubectl(args, { stdin });

before(async () => {
  cluster = await startKubevirtCluster();
  await kubectl(["create", "-f", "-"], JSON.stringify(kubevirtObject(["Sidecar"])));
  await kubectl(["apply", "-k", cluster.folder("networks")]);
  await kubectl(["create", "namespace", "others"]);
  await kubectl(["apply", "-k", cluster.folder("hook-policy")]);
  await untilVmiGets([ours]);
});
after(() => cluster?.[Symbol.asyncDispose]());

const storedSchema = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).optional() }),
});

/** The annotations that the VMI would be stored with; what is stored is decoded strictly by KubeVirt's own type. */
async function annotationsOf(vmi: object, namespace = "vms"): Promise<Readonly<Record<string, string>> | undefined> {
  const path = `/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachineinstances?dryRun=All&fieldValidation=Strict`;
  const { body } = await cluster.controlPlane.request({ method: "POST", path, body: vmi });
  return storedSchema.parse(body).metadata.annotations;
}

async function hooksOf(owner: Owner): Promise<string | undefined> {
  return (await annotationsOf(vmiOf({ multiqueue: true, ...owner }), owner.namespace))?.[annotation];
}

/**
 * Waits until a plain VMI gets these hooks; policies and what they read take a moment to be seen. With a mutating policy
 * in force, the API server answers 503 until it knows the schema of a kind that has just been added.
 */
async function untilVmiGets(hooks: readonly object[] | undefined): Promise<void> {
  const wanted = hooks === undefined ? undefined : JSON.stringify(hooks);
  let last: string | undefined;
  const probe = async () => {
    try {
      last = await hooksOf({});
    } catch (error) {
      if (!(error instanceof ApiStatusError) || error.status !== 503) throw error;
      last = error.message;
      return undefined;
    }
    return last === wanted ? true : undefined;
  };
  await waitUntil(`a VM to get ${wanted ?? "no hook"}`, probe, { seen: () => last ?? "no hook" });
}

describe("a VM gets the hook", () => {
  const appended: Readonly<Record<string, readonly [Owner, readonly object[]]>> = {
    "that has no annotation": [{}, [ours]],
    "that has other annotations": [{ annotations: { a: "b" } }, [ours]],
    "that has an empty list": [{ hooks: "[]" }, [ours]],
    "that has an empty list, spaced": [{ hooks: " [\n] " }, [ours]],
    "that has somebody's hook, behind it": [{ hooks: JSON.stringify([theirs]) }, [theirs, ours]],
    "that has two hooks, behind them": [
      { hooks: JSON.stringify([theirs, { configMap: { name: "x", key: "y" } }]) },
      [theirs, { configMap: { name: "x", key: "y" } }, ours],
    ],
    "that has a hook over several lines": [{ hooks: JSON.stringify([theirs], null, 2) }, [theirs, ours]],
    "that has a hook whose text looks like a list's end": [
      { hooks: '[{"args":["}]\\"]"]}]' },
      [{ args: ['}]"]'] }, ours],
    ],
    "that has a hook with a name like ours": [
      { hooks: '[{"image":"x/not-mqtap-hook"}]' },
      [{ image: "x/not-mqtap-hook" }, ours],
    ],
    "that names ours, but not as its image": [
      { hooks: '[{"args":["x/mqtap-hook:1"]}]' },
      [{ args: ["x/mqtap-hook:1"] }, ours],
    ],
    "that has another binding": [{ binding: "passt" }, [ours]],
  };
  for (const [sentence, [owner, hooks]] of Object.entries(appended)) {
    test(sentence, async () => {
      const annotations = await annotationsOf(vmiOf({ multiqueue: true, ...owner }));
      assert.deepEqual(JSON.parse(annotations?.[annotation] ?? ""), hooks);
      assert.deepEqual({ ...annotations, [annotation]: "" }, { ...owner.annotations, [annotation]: "" });
    });
  }
});

describe("a VM keeps what it has", () => {
  const untouched: Readonly<Record<string, Owner>> = {
    "without multiqueue": { multiqueue: false },
    "without multiqueue, with somebody's hook": { multiqueue: false, hooks: JSON.stringify([theirs]) },
    "in a namespace that did not ask": { namespace: "others" },
    "in a namespace that did not ask, with somebody's hook": { namespace: "others", hooks: JSON.stringify([theirs]) },
    "with our hook": { hooks: JSON.stringify([ours]) },
    "with our hook before somebody's": { hooks: JSON.stringify([ours, theirs], null, 1) },
    "with our hook from another registry": { hooks: '[{"image":"mirror.test:5000/a/mqtap-hook:2"}]' },
    "with our hook by its bare name": { hooks: '[ { "Image" : "mqtap-hook" } ]' },
    "with our hook by its digest": { hooks: `[{"image":"a\\/mqtap-hook@sha256:${"0".repeat(64)}"}]` },
    "with the binding that brings the hook": { binding: "mqtap" },
    "with an empty annotation": { hooks: "" },
    "with null": { hooks: "null" },
    "with an object": { hooks: JSON.stringify(theirs) },
    "with a list of names": { hooks: '["registry.test/other:1"]' },
    "with a list that does not end": { hooks: '[{"image":"x"}' },
    "with two lists": { hooks: "[][]" },
    "with a comma too many": { hooks: '[{"image":"x"},]' },
    "with an object that does not end": { hooks: '[{"image":"x"]' },
    "with a string that does not end": { hooks: '[{"image":"x}]' },
    "with single quotes": { hooks: "[{'image':'x'}]" },
    "with YAML": { hooks: "[{image: x}]" },
    "with a comment": { hooks: '[{"image":"x"}] # mine' },
    "with an object nested deeper than any field of KubeVirt's": { hooks: '[{"a":{"b":{"c":1}}}]' },
  };
  for (const [sentence, owner] of Object.entries(untouched)) {
    test(sentence, async () => assert.equal(await hooksOf(owner), owner.hooks));
  }

  test("with multiqueue absent", async () => assert.equal(await annotationsOf(vmiOf({})), undefined));
});

describe("whatever hooks a VM's owner writes", () => {
  const scalar = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  );
  const value = fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 3 }),
    fc.dictionary(fc.string(), scalar, { maxKeys: 3 }),
  );
  const hookList = fc.array(fc.dictionary(fc.oneof(fc.constant("image"), fc.string()), value, { maxKeys: 3 }), {
    maxLength: 3,
  });
  const written = fc
    .tuple(hookList, fc.constantFrom("", " ", "\t", 2))
    .map(([list, indent]) => JSON.stringify(list, null, indent));

  test("a list parses to the same with ours behind it, and a second time nothing changes", async () => {
    const appends = async (hooks: string) => {
      const once = await hooksOf({ hooks });
      assert.deepEqual(JSON.parse(once ?? ""), [...JSON.parse(hooks), ours]);
      assert.equal(await hooksOf({ hooks: once ?? "" }), once);
    };
    await fc.assert(fc.asyncProperty(written, appends), { numRuns: 100 });
  });

  test("a damaged list is left as it is", async () => {
    const damaged = fc
      .tuple(written, fc.nat(), fc.constantFrom("", ",", "]", '"', "{", "\\", "\u0001"))
      .map(([text, at, by]) => text.slice(0, at % text.length) + by + text.slice((at % text.length) + 1))
      .filter((text) => text.isWellFormed() && !isJson(text));
    await fc.assert(
      fc.asyncProperty(damaged, async (hooks) => assert.equal(await hooksOf({ hooks }), hooks)),
      { numRuns: 100 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const listOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ...theirs, image: `x/other:${index}` }));

test("behind 20 hooks there is room for ours", async () => {
  const stored: unknown = JSON.parse((await hooksOf({ hooks: JSON.stringify(listOf(20), null, 2) })) ?? "");
  assert.deepEqual(stored, [...listOf(20), ours]);
});

test("a list too long to be looked at is left as it is, up to the limit of all annotations", async () => {
  for (const count of [100, 1000, 3500]) {
    const hooks = JSON.stringify(listOf(count));
    assert.equal(await hooksOf({ hooks }), hooks);
  }
});

test("what is stored is decoded strictly by KubeVirt's own type", async () => {
  const annotations = await annotationsOf(vmiOf({ multiqueue: true, hooks: JSON.stringify([theirs]) }));
  const vmi = vmiOf({ multiqueue: true, annotations: annotations ?? {} });
  assert.deepEqual(askPeer("decode", [vmi]), [{ kind: "reply", reply: { kind: "VirtualMachineInstance" } }]);
});

describe("of the example VMs", () => {
  const vmSchema = z.looseObject({
    kind: z.literal("VirtualMachine"),
    metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
    spec: z.looseObject({
      template: z.looseObject({ metadata: z.looseObject({}).optional(), spec: z.looseObject({}) }),
    }),
  });
  const expected: Readonly<Record<string, string | undefined>> = {
    masquerade: JSON.stringify([ours]),
    bridge: JSON.stringify([ours]),
    "managed-tap": undefined,
    windows: JSON.stringify([ours]),
  };

  for (const [name, hooks] of Object.entries(expected)) {
    test(`${name} runs with ${hooks === undefined ? "its binding's hook alone" : "one hook in its annotation"}`, async () => {
      const documents = parseAllDocuments(await kubectl(["kustomize", cluster.folder("examples")]));
      const [vm] = documents
        .map((document) => vmSchema.safeParse(document.toJS()).data)
        .filter((found) => found?.metadata.name === name);
      assert.ok(vm !== undefined);
      const { metadata, spec } = vm.spec.template;
      const { namespace } = vm.metadata;
      const vmi = {
        apiVersion: "kubevirt.io/v1",
        kind: "VirtualMachineInstance",
        metadata: { ...metadata, name, namespace },
        spec,
      };
      assert.equal((await annotationsOf(vmi, namespace))?.[annotation], hooks);
    });
  }
});

test("the agents recognise the image that is added", () => {
  assert.equal(imageName(settings.hookImage), "mqtap-hook");
});

describe("no VM gets the hook, and every VM is made,", () => {
  const { kubevirtName, kubevirtNamespace } = settings;
  const kubevirt = ["kubevirt", kubevirtName, `--namespace=${kubevirtNamespace}`];
  const setGates = (featureGates: readonly string[] | null) =>
    kubectl([
      "patch",
      ...kubevirt,
      "--type=merge",
      "-p",
      JSON.stringify({ spec: { configuration: { developerConfiguration: { featureGates } } } }),
    ]);

  test("while KubeVirt's gate is off, until it is on", async () => {
    for (const gates of [[], ["LiveMigration", "SidecarX"], null]) {
      await setGates(gates);
      await untilVmiGets(undefined);
      await setGates(["LiveMigration", "Sidecar"]);
      await untilVmiGets([ours]);
    }
  });

  test("while there is no KubeVirt object", async () => {
    await kubectl(["delete", ...kubevirt]);
    await untilVmiGets(undefined);
    await kubectl(["create", "-f", "-"], JSON.stringify(kubevirtObject(["Sidecar"])));
    await untilVmiGets([ours]);
  });

  test("while no image is set", async () => {
    await kubectl(["apply", "-f", `${cluster.folder("hook-policy")}/policy.yaml`]);
    await untilVmiGets(undefined);
    await kubectl(["apply", "-k", cluster.folder("hook-policy")]);
    await untilVmiGets([ours]);
  });

  test("once the namespace's label is gone", async () => {
    await kubectl(["label", "namespace", "vms", "mqtap.io/add-hook-"]);
    await untilVmiGets(undefined);
  });
});
