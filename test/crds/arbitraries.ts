// Random specs for the CRD tests: valid ones, and ones where any field may be wrong.
import fc from "fast-check";
import type { Json } from "./objects.ts";

const name = fc.stringMatching(/^[a-z]([a-z0-9]{0,5})$/);
const labelKey = fc.oneof(
  name,
  fc.tuple(name, name).map(([prefix, key]) => `${prefix}.io/${key}`),
);
const labelValue = fc.oneof(fc.constant(""), name);

const withValues = fc.record({
  key: labelKey,
  operator: fc.constantFrom("In", "NotIn"),
  values: fc.array(labelValue, { minLength: 1, maxLength: 4 }),
});
const withoutValues = fc.record({ key: labelKey, operator: fc.constantFrom("Exists", "DoesNotExist") });

const nodeSelector = fc.record(
  {
    matchLabels: fc.dictionary(labelKey, labelValue, { maxKeys: 4 }),
    matchExpressions: fc.array(fc.oneof(withValues, withoutValues), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const tuntap = fc.record(
  {
    maxQueues: fc.integer({ min: 2, max: 256 }),
    maxQueuesPerVM: fc.integer({ min: 2, max: 4096 }),
    enforcement: fc.constantFrom("Advisory", "BestEffort", "Required"),
  },
  { requiredKeys: [] },
);

const number = fc.integer({ min: 1, max: 2_147_483_647 }).map(String);
const sysctl = fc.oneof(
  fc.record({
    name: fc.constantFrom("net.core.netdev_max_backlog", "net.core.netdev_budget", "net.core.netdev_budget_usecs"),
    value: number,
  }),
  fc.record({
    name: fc.constant("net.core.rps_sock_flow_entries"),
    value: fc.oneof(
      fc.constant("0"),
      fc.integer({ min: 0, max: 29 }).map((power) => String(2 ** power)),
    ),
  }),
);
const sysctls = fc.uniqueArray(sysctl, { selector: (entry) => entry.name, maxLength: 4 });

const duration = fc.constantFrom("1s", "30s", "5m", "1h30m", "250ms", "23h59m59s", "1000ms");
const rollout = fc.record(
  {
    maxConcurrent: fc.oneof(
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 1, max: 100 }).map((share) => `${share}%`),
    ),
    canary: fc.integer({ min: 0, max: 10_000 }),
    pauseBetween: duration,
    progressDeadline: duration.filter((text) => text !== "250ms"),
  },
  { requiredKeys: [] },
);

/** Valid specs of a NodeNetworkConfig. */
export const validConfigSpec: fc.Arbitrary<Json> = fc.record(
  {
    nodeSelector,
    priority: fc.integer({ min: 0, max: 1000 }),
    tuntap,
    sysctls,
    rollout,
    paused: fc.boolean(),
    onRemoval: fc.constantFrom("Restore", "Retain"),
  },
  { requiredKeys: ["nodeSelector"] },
);

const odd = fc.constantFrom<unknown>(
  -1,
  0,
  1,
  2,
  256,
  257,
  1.5,
  true,
  "",
  "a-",
  "5",
  "0%",
  "1%",
  "101%",
  "0s",
  "1d",
  "9999h",
  "In",
  "Gt",
  "é",
  [],
  {},
  [""],
);

/** The spec with the value at one place, found by walking `turns`, exchanged for `value`. */
function exchange(spec: unknown, turns: readonly number[], value: unknown): unknown {
  const [turn, ...further] = turns;
  if (turn === undefined || typeof spec !== "object" || spec === null) return value;
  const keys = Object.keys(spec);
  if (keys.length === 0) return value;
  const chosen = keys[turn % keys.length];
  if (Array.isArray(spec))
    return spec.map((entry, at) => (String(at) === chosen ? exchange(entry, further, value) : entry));
  return Object.fromEntries(
    Object.entries(spec).map(([key, entry]) => [key, key === chosen ? exchange(entry, further, value) : entry]),
  );
}

/** Specs of a NodeNetworkConfig with something odd in one place: often invalid, sometimes not. */
export const oddConfigSpec: fc.Arbitrary<unknown> = fc
  .tuple(validConfigSpec, fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 4 }), odd)
  .map(([spec, turns, value]) => exchange(spec, turns, value));
