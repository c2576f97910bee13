// The suites on what Node.js can run: the fake, and Linux over koffi.

import { describe, it } from "node:test";
import type { Cases } from "./expect.ts";

/** One test a case; `make` gives each its own world and what is to be done after it. */
export function runCases<World>(
  title: string,
  cases: Cases<World>,
  make: () => Promise<{ readonly world: World; readonly dispose: () => Promise<void> }>,
): void {
  describe(title, () => {
    for (const [name, act] of Object.entries(cases)) {
      it(name, async () => {
        const { world, dispose } = await make();
        try {
          act(world);
        } finally {
          await dispose();
        }
      });
    }
  });
}
