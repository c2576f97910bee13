// mqtap beside the reference plugin, row by row, as cni/README.md tells it: the table there is what is seen here.

import assert from "node:assert/strict";
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { Bed } from "./bed.ts";
import { observations } from "./beside-reference.ts";

const readme = readFileSync(new URL("../../cni/README.md", import.meta.url), "utf8");
const programs = { mqtap: "/run/bin/mqtap", reference: realpathSync(join(layoutOfCheckout().binDir, "tap")) };

let bed: Bed;
before(async () => {
  bed = await Bed.open();
});
after(async () => {
  await bed[Symbol.asyncDispose]();
});

describe("beside the reference", () => {
  for (const [index, [situation, observe]] of Object.entries(observations).entries()) {
    test(situation, async () => {
      const seen: string[] = [];
      for (const [name, program] of Object.entries(programs)) {
        const namespace = `${name}-${index}`;
        const netns = await bed.addNamespace(namespace);
        seen.push(await observe({ bed, program, namespace, netns }));
      }
      const row = `| ${situation} | ${seen.join(" | ")} |`;
      assert.ok(readme.includes(`\n${row}\n`), `the table of cni/README.md should have this row:\n${row}`);
    });
  }
});
