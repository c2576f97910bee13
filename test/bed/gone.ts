// How far mqtap is gone: what its nodes say in uninstall mode, and what is left of it in the API.
import assert from "node:assert/strict";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { readProfile } from "../../deploy/local/story/observe.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";

/** Waits until the node's condition "Uninstalled" reads like this: "<status> <reason>: <message>". */
export function waitForUninstalled(bed: Bed, node: string, wanted: RegExp): Promise<string> {
  let seen = "no such condition";
  return waitUntil(
    `Uninstalled of ${node} to be ${wanted}`,
    async () => {
      const { conditions = [] } = (await readProfile(bed.controlPlane, node))?.status ?? {};
      const found = conditions.find(({ type }) => type === "Uninstalled");
      if (found !== undefined) seen = `${found.status} ${found.reason}: ${found.message}`;
      return wanted.test(seen) ? seen : undefined;
    },
    { timeoutMs: 120_000, intervalMs: 200, seen: () => seen },
  );
}

/** No object of an overlay is there, no kind of mqtap, and its namespace is not on its way out for ever. */
export async function assertNothingInApi(bed: Bed, overlay: string): Promise<void> {
  assert.equal(await bed.kubectl(["get", "-k", overlay, "--ignore-not-found", "-o=name"]), "");
  assert.equal(await bed.kubectl(["api-resources", "--api-group=mqtap.io", "-o=name", "--cached=false"]), "");
  assert.doesNotMatch(await bed.kubectl(["get", "namespaces", "-o=name"]), /mqtap/);
}
