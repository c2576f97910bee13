// The case of kubevirt#18012: what the guest pays for queues, as KubeVirt asks for them and as the hook lowers them.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { Bed } from "../integration/bed.ts";
import { guestCost, makeMqtapTap, prepareTenNics } from "./ten-nics.ts";

let bed: Bed;
before(async () => {
  bed = await Bed.open();
  await prepareTenNics(bed);
});
after(() => bed[Symbol.asyncDispose]());

it("ten NICs cost a guest of 8 vCPUs less than half when each has 2 queues", async (t) => {
  const asked = await guestCost(bed, "asked", makeMqtapTap(8));
  const capped = await guestCost(bed, "capped", makeMqtapTap(2));
  t.diagnostic(`asked for: ${JSON.stringify(asked)}, capped: ${JSON.stringify(capped)}`);
  assert.deepEqual([asked.queues, capped.queues], [80, 20]);
  // one for each direction of a queue, and one or two for each device
  assert.ok(asked.interrupts >= 160 && capped.interrupts <= 60);
  assert.ok(capped.memoryKb > 0 && asked.memoryKb > 2 * capped.memoryKb);
});
