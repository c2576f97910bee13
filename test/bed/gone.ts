// That nothing of mqtap is left in the API.
import assert from "node:assert/strict";
import type { Bed } from "../../deploy/local/bed/bed.ts";

/** No object of an overlay is there, no kind of mqtap, and its namespace is not on its way out for ever. */
export async function assertNothingInApi(bed: Bed, overlay: string): Promise<void> {
  assert.equal(await bed.kubectl(["get", "-k", overlay, "--ignore-not-found", "-o=name"]), "");
  assert.equal(await bed.kubectl(["api-resources", "--api-group=mqtap.io", "-o=name", "--cached=false"]), "");
  assert.doesNotMatch(await bed.kubectl(["get", "namespaces", "-o=name"]), /mqtap/);
}
