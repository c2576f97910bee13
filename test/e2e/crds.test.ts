// The CRDs on a real API server: that it takes them, what it refuses and with which words, what it fills in,
// and what a person sees with kubectl.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { isRecord } from "../../crds/lenient.ts";
import { parseNodeNetworkConfig } from "../../crds/node-network-config.ts";
import { parseNodeNetworkProfile } from "../../crds/node-network-profile.ts";
import { ApiStatusError } from "../../deploy/local/api-request.ts";
import { CommandError } from "../../deploy/local/command.ts";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { type ControlPlane, startControlPlane } from "../../deploy/local/control-plane.ts";
import { oddConfigSpec, validConfigSpec } from "../crds/arbitraries.ts";
import { invalidObjects } from "../crds/invalid-objects.ts";
import { config, type Json, limit, profile } from "../crds/objects.ts";
import { validObjects } from "../crds/valid-objects.ts";

const crdFolder = join(import.meta.dirname, "../../crds");
const kubectlWords = (text: string): string[][] =>
  text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/ {2,}/));

let controlPlane: ControlPlane;
let firstApply = "";

/** kubectl's stdout; a document goes to its stdin. */
function kubectl(args: string, document?: unknown): Promise<string> {
  const options = document === undefined ? {} : { stdin: JSON.stringify(document) };
  return controlPlane.kubectl(args.split(" "), options);
}

/** What kubectl complains about. */
async function complaint(args: string, document: unknown): Promise<string> {
  const failure = await kubectl(args, document).then(
    (output) => assert.fail(`kubectl took it: ${output}`),
    (error: unknown) => error,
  );
  assert.ok(failure instanceof CommandError);
  return failure.result.stderr;
}

/** The object as the API server would store it, or undefined when it refuses. */
async function dryRun(object: Json): Promise<Json | undefined> {
  const path = `/apis/mqtap.io/v1alpha1/${String(object["kind"]).toLowerCase()}s?dryRun=All`;
  try {
    const { body } = await controlPlane.request({ method: "POST", path, body: object });
    assert.ok(isRecord(body));
    return body;
  } catch (error) {
    if (error instanceof ApiStatusError && (error.status === 422 || error.status === 400)) return undefined;
    throw error;
  }
}

const parse = (object: Json) =>
  object["kind"] === "NodeNetworkConfig" ? parseNodeNetworkConfig(object) : parseNodeNetworkProfile(object);

function parseSpec(object: Json): unknown {
  try {
    return parse(object).spec;
  } catch {
    return undefined;
  }
}

before(async () => {
  controlPlane = await startControlPlane({ binDir: componentDirectory() });
  firstApply = await kubectl(`apply -k ${crdFolder}`);
  await kubectl("wait --for=condition=Established --timeout=30s crd --all");
  const deadline = Date.now() + 30_000;
  while ((await kubectl("explain mqc.spec.tuntap").catch(() => "")) === "") {
    assert.ok(Date.now() < deadline, "kubectl explain does not know the new kinds after 30 s");
    await delay(100);
  }
});

after(() => controlPlane?.[Symbol.asyncDispose]());

test("plain kubectl apply takes the files, and finds nothing to change a second time", async () => {
  assert.match(firstApply, /nodenetworkconfigs\.mqtap\.io created\n.*nodenetworkprofiles\.mqtap\.io created/);
  assert.match(await kubectl(`apply -k ${crdFolder}`), /configs\.mqtap\.io unchanged\n.*profiles\.mqtap\.io unchanged/);
});

test("the API server finds the schemas structural", async () => {
  const types = await kubectl("get crd -o jsonpath={.items[*].status.conditions[*].type}");
  assert.deepEqual([...new Set(types.split(" "))].toSorted(), ["Established", "NamesAccepted"]);
});

describe("kubectl apply refuses, and says why:", () => {
  for (const [sentence, { object, says }] of Object.entries(invalidObjects)) {
    test(sentence, async () => {
      const said = await complaint("apply --dry-run=server -f -", object);
      for (const words of says) assert.ok(said.includes(words), `"${words}" is missing in: ${said}`);
    });
  }

  test("a field that does not exist", async () => {
    const said = await complaint("apply --dry-run=server -f -", limit({ tuntap: { maxQueue: 4 } }));
    assert.match(said, /unknown field "spec\.tuntap\.maxQueue"/);
  });

  test("a kind of another version", async () => {
    const said = await complaint("apply --dry-run=server -f -", { ...limit({}), apiVersion: "mqtap.io/v2" });
    assert.match(said, /no matches for kind "NodeNetworkConfig" in version "mqtap\.io\/v2"/);
  });
});

describe("the API server takes, with the parser's defaults,", () => {
  for (const [sentence, object] of Object.entries(validObjects)) {
    test(sentence, async () => {
      const stored = await dryRun(object);
      assert.ok(stored !== undefined, "refused");
      assert.deepEqual(parse(object).spec, stored["spec"]);
    });
  }
});

test("unknown fields are left out where nobody asks for strictness, as by the parser", async () => {
  const object = limit({ rollout: { canary: 2, batches: 3 }, dryRun: true });
  assert.deepEqual((await dryRun(object))?.["spec"], parseSpec(object));
});

test("API server and parser take the same random specs and fill in the same defaults", async () => {
  const takes = (spec: unknown) => ({
    apiVersion: "mqtap.io/v1alpha1",
    kind: "NodeNetworkConfig",
    metadata: { name: "tried" },
    spec,
  });
  const property = (mustTake: boolean) => async (spec: unknown) => {
    const stored = await dryRun(takes(spec));
    if (mustTake) assert.ok(stored !== undefined, "refused");
    assert.deepEqual(parseSpec(takes(spec)), stored?.["spec"]);
  };
  await fc.assert(fc.asyncProperty(validConfigSpec, property(true)), { numRuns: 60 });
  await fc.assert(fc.asyncProperty(oddConfigSpec, property(false)), { numRuns: 300 });
});

describe("kubectl explain", () => {
  const table: Record<string, readonly [string, readonly RegExp[]]> = {
    "says what a config is": [
      "mqc",
      [/KIND: +NodeNetworkConfig/, /how many queues the tap devices/, /spec\t<Object> -required-/],
    ],
    "says what the limits mean": [
      "mqc.spec.tuntap",
      [/maxQueues\t<integer>\n +The most queues one tap may have/, /Required: a tap above the\n? *limit/],
    ],
    "names the choices": [
      "mqc.spec.tuntap.enforcement",
      [/ENUM:\n +Advisory\n +BestEffort\n +Required/, /Where no config says otherwise: BestEffort/],
    ],
    "names the defaults": ["mqc.spec.rollout", [/Default: 10%\./, /Default: 0s\./, /Default: 10m\./]],
    "names the sysctls": ["mqc.spec.sysctls.name", [/ENUM:\n +net\.core\.netdev_max_backlog/]],
    "says who writes a profile's spec": ["mqp.spec", [/fully resolved\. Written by\s+the controller alone/]],
    "says who writes a profile's status": ["mqp.status", [/Written by the node's agent alone/]],
  };
  for (const [sentence, [field, says]] of Object.entries(table)) {
    test(sentence, async () => {
      const explained = await kubectl(`explain ${field}`);
      for (const words of says) assert.match(explained, words);
    });
  }

  test("has words for every field", async () => {
    for (const kind of ["mqc", "mqp"]) {
      for (const part of ["spec", "status"]) {
        assert.doesNotMatch(await kubectl(`explain ${kind}.${part}`), /<no description>/);
      }
    }
  });
});

describe("what kubectl get shows", () => {
  const transition = { status: "True", lastTransitionTime: "2026-11-22T18:00:00Z", reason: "Applied", message: "" };

  before(async () => {
    await kubectl("apply -f -", config({ nodeSelector: {}, tuntap: { maxQueues: 4 } }, "dense-windows"));
    await kubectl("apply -f -", profile({}, "n1"));
    await kubectl("apply --server-side --subresource=status --field-manager=mqtap-controller -f -", {
      apiVersion: "mqtap.io/v1alpha1",
      kind: "NodeNetworkConfig",
      metadata: { name: "dense-windows" },
      status: {
        observedGeneration: 1,
        nodes: { enforced: "100/120", progress: "119/120", matched: 120, ready: 118, failed: 0 },
        conditions: [{ ...transition, type: "Ready" }],
      },
    });
    await kubectl("apply --server-side --subresource=status --field-manager=mqtap-agent -f -", {
      apiVersion: "mqtap.io/v1alpha1",
      kind: "NodeNetworkProfile",
      metadata: { name: "n1" },
      status: {
        observedGeneration: 1,
        appliedHash: "0123456789abcdef",
        tuntap: { maxQueues: 4, enforcedBy: "Sysctl", kernelLimit: 4, original: 256 },
        sysctls: [{ name: "net.core.netdev_max_backlog", desired: "5000", original: null, state: "Unsupported" }],
        overLimit: 0,
        conditions: [{ ...transition, type: "Applied" }],
      },
    });
  });

  test("of a config: queues and how many nodes stand where", async () => {
    const [head, row] = kubectlWords(await kubectl("get mqc"));
    assert.deepEqual(head, ["NAME", "QUEUES", "MATCHED", "READY", "FAILED", "ENFORCED", "PROGRESS", "AGE"]);
    assert.deepEqual(row?.slice(0, -1), ["dense-windows", "4", "120", "118", "0", "100/120", "119/120"]);
  });

  test("of a profile: queues and what holds the limit", async () => {
    const [head, row] = kubectlWords(await kubectl("get mqp"));
    assert.deepEqual(head, ["NAME", "QUEUES", "ENFORCEDBY", "OVERLIMIT", "APPLIED", "AGE"]);
    assert.deepEqual(row?.slice(0, -1), ["n1", "4", "Sysctl", "0", "True"]);
  });

  test("of the category: both kinds", async () => {
    const names = await kubectl("get mqtap -o name");
    assert.deepEqual(names.trim().split("\n").toSorted(), [
      "nodenetworkconfig.mqtap.io/dense-windows",
      "nodenetworkprofile.mqtap.io/n1",
    ]);
  });

  test("a written status is read back whole, nulls and all, and moves no generation", async () => {
    const stored: unknown = JSON.parse(await kubectl("get mqp n1 -o json"));
    const { metadata, status } = parseNodeNetworkProfile(stored);
    assert.equal(metadata.generation, 1);
    assert.ok(isRecord(stored));
    assert.deepEqual(status, stored["status"]);
    assert.equal(status.sysctls?.[0]?.original, null);
  });

  test("a status that says nonsense is refused", async () => {
    const said = await complaint("apply --server-side --subresource=status --field-manager=mqtap-agent -f -", {
      apiVersion: "mqtap.io/v1alpha1",
      kind: "NodeNetworkProfile",
      metadata: { name: "n1" },
      status: { tuntap: { enforcedBy: "Hope" }, sysctls: [{ name: "net.core.netdev_budget", state: "Fine" }] },
    });
    assert.match(said, /status\.tuntap\.enforcedBy: Unsupported value: "Hope"/);
    assert.match(said, /status\.sysctls\[0\]\.state: Unsupported value: "Fine"/);
  });
});
