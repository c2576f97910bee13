// deploy/kubevirt on a real API server with KubeVirt's own CRDs: everything is created, with strict validation, decoded by
// KubeVirt's own types, and means to mqtap what its comments say.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { parseEnvelope, parseNetConf, parseVersion } from "../../cni/config.ts";
import { resolveMode } from "../../cni/mode.ts";
import { parseNodeNetworkConfig } from "../../crds/node-network-config.ts";
import { decideQueues } from "../../operator/agent/sizing/queues.ts";
import { parseVmi } from "../../operator/agent/sizing/vmi.ts";
import { askPeer } from "../kubevirt/peer.ts";
import { type KubevirtCluster, kubevirtObject, settings, startKubevirtCluster } from "./kubevirt-cluster.ts";

const objectSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
type KubeObject = z.output<typeof objectSchema>;

let cluster: KubevirtCluster;
before(async () => {
  cluster = await startKubevirtCluster();
});
after(() => cluster?.[Symbol.asyncDispose]());

const kubectl = (args: readonly string[], stdin = "") => cluster.controlPlane.kubectl(args, { stdin });
const rendered = (folder: string) => kubectl(["kustomize", cluster.folder(folder)]);

/** What kustomize makes of a folder, one kind of it. */
async function objectsIn(folder: string, kind: string): Promise<readonly KubeObject[]> {
  const documents = parseAllDocuments(await rendered(folder)).map((document) => document.toJS());
  return documents.map((document) => objectSchema.parse(document)).filter((object) => object.kind === kind);
}

const kubevirtSchema = z.looseObject({ spec: z.object({ configuration: z.looseObject({}) }) });
async function kubevirtConfiguration(): Promise<Readonly<Record<string, unknown>>> {
  const { kubevirtName, kubevirtNamespace } = settings;
  const text = await kubectl(["get", "kubevirt", kubevirtName, `--namespace=${kubevirtNamespace}`, "-o", "json"]);
  const object = JSON.parse(text);
  assert.deepEqual(askPeer("decode", [object]), [{ kind: "reply", reply: { kind: "KubeVirt" } }]);
  return kubevirtSchema.parse(object).spec.configuration;
}

test("kubectl create takes every folder, with strict validation", async () => {
  for (const folder of ["networks", "hook-policy", "examples"]) {
    await kubectl(["create", "--validate=strict", "-k", cluster.folder(folder)]);
  }
  const kinds = "network-attachment-definitions,vm,mqc,mutatingadmissionpolicies,mutatingadmissionpolicybindings";
  const names = await kubectl(["get", kinds, "--all-namespaces", "-o=name"]);
  assert.equal(names.trim().split("\n").length, 5 + 4 + 1 + 1 + 1);
});

test("a second kubectl apply finds nothing to change", async () => {
  for (const folder of ["networks", "hook-policy", "examples"]) {
    await kubectl(["apply", "--server-side", "--force-conflicts", "-k", cluster.folder(folder)]);
    const said = await kubectl(["diff", "--server-side", "--force-conflicts", "-k", cluster.folder(folder)]);
    assert.equal(said, "", said);
  }
});

test("the patch registers the binding, and leaves gates and other bindings as they are", async () => {
  const before = kubevirtObject(["Sidecar"]);
  const others = { network: { binding: { passt: { networkAttachmentDefinition: "default/passt" } } } };
  const { kubevirtName, kubevirtNamespace } = settings;
  await kubectl(["create", "-f", "-"], JSON.stringify(before));
  const patch = ["patch", "kubevirt", kubevirtName, `--namespace=${kubevirtNamespace}`, "--type=merge"];
  await kubectl([...patch, "-p", JSON.stringify({ spec: { configuration: others } })]);
  for (const said of [/ patched$/, / patched \(no change\)$/]) {
    assert.match((await kubectl([...patch, "-p", await rendered("binding")])).trim(), said);
  }
  assert.deepEqual(await kubevirtConfiguration(), {
    developerConfiguration: { featureGates: ["Sidecar"] },
    network: {
      binding: {
        ...others.network.binding,
        mqtap: {
          domainAttachmentType: "managedTap",
          networkAttachmentDefinition: "default/mqtap-binding",
          sidecarImage: settings.hookImage,
        },
      },
    },
  });
});

test("the binding's network is among the networks", async () => {
  const networks = await objectsIn("networks", "NetworkAttachmentDefinition");
  assert.ok(networks.some(({ metadata }) => `${metadata.namespace}/${metadata.name}` === "default/mqtap-binding"));
});

describe("what mqtap is in the network", () => {
  const chainSchema = z.looseObject({ plugins: z.array(z.looseObject({ type: z.string() })).optional() });
  const specSchema = z.object({ config: z.string() });
  const expected: Readonly<Record<string, readonly string[]>> = {
    "mqtap-default-network": ["companion"],
    blue: ["companion"],
    red: [],
    "mqtap-binding": ["binding"],
    "static-tap": ["main"],
  };

  /** mqtap's mode at each of its places in the configuration, called as Multus and KubeVirt would. */
  function modesIn(text: string, isBinding: boolean): readonly string[] {
    const whole = chainSchema.parse(JSON.parse(text));
    const { cniVersion, name } = whole;
    return (whole.plugins ?? [whole]).flatMap((plugin, index) => {
      if (plugin["type"] !== "mqtap") return [];
      const args = isBinding ? { args: { cni: { logicNetworkName: "red" } } } : {};
      const { document } = parseEnvelope(JSON.stringify({ cniVersion, name, ...plugin, ...args }));
      parseVersion(document);
      return [resolveMode(parseNetConf(document), index > 0)];
    });
  }

  for (const [name, modes] of Object.entries(expected)) {
    test(`${name}: ${modes.join() || "nothing"}`, async () => {
      const found = (await objectsIn("networks", "NetworkAttachmentDefinition")).filter(
        ({ metadata }) => metadata.name === name,
      );
      const [spec] = found.map((network) => specSchema.parse(network["spec"]));
      assert.deepEqual(modesIn(spec?.config ?? "", name === "mqtap-binding"), modes);
    });
  }

  test("every network is looked at", async () => {
    const names = (await objectsIn("networks", "NetworkAttachmentDefinition")).map(({ metadata }) => metadata.name);
    assert.deepEqual(names.toSorted(), Object.keys(expected).toSorted());
  });
});

describe("the example VM", () => {
  const vmSchema = z.looseObject({
    spec: z.object({
      template: z.looseObject({
        spec: z.looseObject({
          networks: z.array(z.looseObject({ multus: z.object({ networkName: z.string() }).optional() })),
        }),
      }),
    }),
  });
  // name -> E of each NIC under node-network-config.yaml, when the pod has the hook
  const expected: Readonly<Record<string, readonly number[]>> = {
    masquerade: [4],
    bridge: [2, 2],
    "managed-tap": [4],
    windows: [2, 2, 2, 2, 2, 2, 2, 2, 2, 2],
  };

  async function limits() {
    const [config] = await objectsIn("examples", "NodeNetworkConfig");
    const { tuntap } = parseNodeNetworkConfig(config).spec;
    const source = "NodeNetworkConfig/dense-windows";
    return {
      maxQueues: tuntap?.maxQueues,
      maxQueuesSource: source,
      maxQueuesPerVm: tuntap?.maxQueuesPerVM,
      maxQueuesPerVmSource: source,
      enforcement: "BestEffort",
      kernelLimit: undefined,
      kernelSysctl: "net.tuntap.max_queues",
      hasBackend: false,
    } as const;
  }

  for (const [name, queues] of Object.entries(expected)) {
    test(`${name} is decoded strictly by KubeVirt's types, and gets ${queues.join()} of 8 queues`, async () => {
      const found = (await objectsIn("examples", "VirtualMachine")).filter(({ metadata }) => metadata.name === name);
      assert.deepEqual(askPeer("decode", found), [{ kind: "reply", reply: { kind: "VirtualMachine" } }]);
      const [vm] = found.map((object) => vmSchema.parse(object));
      assert.ok(vm !== undefined);
      const vmi = parseVmi(vm.spec.template);
      const pod = { hasHook: true, isMigrationTarget: false, isRunning: false };
      const context = { vmi, pod, limits: await limits(), networkMaxQueues: undefined };
      const decisions = vmi.interfaces.map((nic) => decideQueues({ ...context, nic }));
      assert.deepEqual(
        decisions.map((decision) => [decision.wanted, decision.queues]),
        queues.map((count) => [8, count]),
      );
    });

    test(`${name} uses networks of its namespace that exist`, async () => {
      const [vm] = (await objectsIn("examples", "VirtualMachine"))
        .filter(({ metadata }) => metadata.name === name)
        .map((object) => vmSchema.parse(object));
      const wanted = vm?.spec.template.spec.networks.flatMap(({ multus }) => multus?.networkName ?? []) ?? [];
      const networks = (await objectsIn("networks", "NetworkAttachmentDefinition")).map(
        ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
      );
      for (const network of wanted) assert.ok(networks.includes(`vms/${network}`), network);
    });
  }

  test("has every image from the settings", async () => {
    const text = await rendered("examples");
    assert.equal(text.split(`image: ${settings.guestImage}\n`).length, 4);
    assert.match(text, new RegExp(`hookSidecars: '\\[\\{"image":"${settings.hookImage}"\\}\\]'`));
    assert.doesNotMatch(text, /image"?: ?""/);
  });
});
