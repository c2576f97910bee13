// Our names of a pod's interfaces and taps against KubeVirt's, for random networks. KUBEVIRT_SEED repeats a run.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { companionInterfaceName, companionTapName, interfaceNameFault, podInterfaceName } from "../../cni/tap/name.ts";
import { isRecord } from "../../crds/lenient.ts";
import { askPeer } from "./peer.ts";
import { sha256Hex } from "./sha256-hex.ts";

const networks = 1_000;
const seed = Number(process.env["KUBEVIRT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Most are DNS labels, as KubeVirt wants them; the others show that no character matters. */
const networkName = fc.oneof(
  fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
  fc.string({ unit: "grapheme", minLength: 1 }),
);
const vmNetworks = fc
  .uniqueArray(networkName, { minLength: 1, maxLength: 40 })
  .chain((names) =>
    fc
      .integer({ min: -1, max: 0 })
      .map((primary) =>
        names.map((name, index) => (index === primary ? { name, pod: {} } : { name, multus: { networkName: "nad" } })),
      ),
  );

test(`interfaces and taps of ${networks} random networks are named as KubeVirt names them`, (context) => {
  context.diagnostic(`seed ${seed}`);
  const sample = fc.sample(vmNetworks, { seed, numRuns: networks });
  let compared = 0;
  for (const [index, answer] of askPeer("names", sample).entries()) {
    assert.ok(answer.kind === "reply");
    const { hashed, ordinal } = answer.reply;
    assert.ok(isRecord(hashed) && isRecord(ordinal));
    for (const network of sample[index] ?? []) {
      const podInterface = "pod" in network ? "eth0" : podInterfaceName(sha256Hex, network.name);
      assertNamed(hashed[network.name], podInterface, `seed ${seed}: ${JSON.stringify(network)}`);
      // the older scheme numbers the networks, so only the tap follows from the interface
      const byNumber: unknown = ordinal[network.name];
      assert.ok(isRecord(byNumber) && typeof byNumber["podInterface"] === "string");
      assertNamed(byNumber, byNumber["podInterface"], `seed ${seed}: ${JSON.stringify(network)}`);
      compared += 1;
    }
  }
  assert.ok(compared >= networks, `only ${compared} networks`);
});

function assertNamed(theirs: unknown, podInterface: string, where: string): void {
  const tap = companionTapName(podInterface);
  assert.ok(isRecord(theirs) && tap !== undefined, where);
  assert.deepEqual([podInterface, tap], [theirs["podInterface"], theirs["tap"]], where);
  assert.equal(companionInterfaceName(tap), podInterface, where);
  assert.equal(interfaceNameFault(tap), undefined, where);
}
