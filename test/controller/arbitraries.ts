// Random worlds for the controller's properties: a few configs over a few nodes, so that they meet often.
import fc from "fast-check";
import type { NodeNetworkConfig } from "../../crds/node-network-config.ts";
import type { ObservedNode } from "../../operator/controller/node.ts";
import { config, node } from "./objects.ts";

const label = fc.constantFrom("x", "y");

const selector = fc.oneof(
  fc.constant({}),
  label.map((pool) => ({ matchLabels: { pool } })),
  label.map((pool) => ({ matchExpressions: [{ key: "pool", operator: "NotIn", values: [pool] }] })),
);

const spec = fc.record(
  {
    nodeSelector: selector,
    priority: fc.integer({ min: 0, max: 2 }),
    paused: fc.boolean(),
    onRemoval: fc.constantFrom("Restore", "Retain"),
    tuntap: fc.record(
      {
        maxQueues: fc.integer({ min: 2, max: 6 }),
        maxQueuesPerVM: fc.integer({ min: 6, max: 9 }),
        enforcement: fc.constantFrom("Advisory", "BestEffort", "Required"),
      },
      { requiredKeys: [] },
    ),
    sysctls: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom("net.core.netdev_budget", "net.core.netdev_max_backlog"),
        value: fc.constantFrom("100", "200", "300"),
      }),
      { selector: ({ name }) => name, maxLength: 2 },
    ),
  },
  { requiredKeys: ["nodeSelector"] },
);

/** Up to five configs, by distinct names. */
export const configs: fc.Arbitrary<readonly NodeNetworkConfig[]> = fc
  .uniqueArray(
    fc.record({ name: fc.constantFrom("a", "b", "c", "d", "e"), spec, generation: fc.integer({ min: 1, max: 9 }) }),
    {
      selector: ({ name }) => name,
    },
  )
  .map((list) => list.map(({ name, spec: own, generation }) => config(name, own, { generation })));

/** Up to four nodes, not all of them Linux. */
export const nodes: fc.Arbitrary<readonly ObservedNode[]> = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom("n1", "n2", "n3", "n4"),
      pool: fc.option(label),
      isLinux: fc.integer({ min: 0, max: 9 }).map((digit) => digit > 0),
      isReady: fc.boolean(),
    }),
    { selector: ({ name }) => name },
  )
  .map((list) =>
    list.map(({ name, pool, ...facts }) => node(name, { ...facts, labels: pool === null ? {} : { pool } })),
  );
