// The limit as a number that plugin and hook obey and that nothing refuses: what every node can do.

import type { LimitBackend } from "./backend.ts";

export const advisoryBackend: LimitBackend = {
  name: "Advisory",
  hold(limit) {
    const holding = { kind: limit === undefined ? "idle" : "held" } as const;
    return Promise.resolve({ holding, original: null, observed: undefined, problem: undefined, notice: undefined });
  },
};
