// What makes a later schema refuse, drop or read differently what an earlier one accepted. A release of v1alpha1 may only
// add: whatever is stored must stay valid, complete and of the same meaning. Pure.

/** Structural OpenAPI as CRDs hold it. */
export type Schema = Readonly<Record<string, unknown>>;

/** One sentence for each narrowing, with the path of its field; empty when the later schema only adds. */
export function narrowings(before: Schema, after: Schema, path = ""): readonly string[] {
  const here = path === "" ? "the object" : path;
  const say = (text: string): string => `${here}: ${text}`;
  return [
    ...changedFacts(before, after).map(say),
    ...raised(before, after, lowerBounds, (old, now) => now > old).map(say),
    ...raised(before, after, upperBounds, (old, now) => now < old).map(say),
    ...lostValues(before, after).map(say),
    ...newDemands(before, after).map(say),
    ...innerNarrowings(before, after, path),
  ];
}

/** Any change of these means another thing than before. */
const fixedKeys = [
  "type",
  "format",
  "pattern",
  "default",
  "nullable",
  "anyOf",
  "oneOf",
  "allOf",
  "not",
  "uniqueItems",
  "multipleOf",
  "x-kubernetes-int-or-string",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-map-type",
];
const lowerBounds = ["minimum", "minLength", "minItems", "minProperties"];
const upperBounds = ["maximum", "maxLength", "maxItems", "maxProperties"];

function changedFacts(before: Schema, after: Schema): readonly string[] {
  return fixedKeys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => `${key} was ${JSON.stringify(before[key])} and is ${JSON.stringify(after[key])}`);
}

function raised(
  before: Schema,
  after: Schema,
  keys: readonly string[],
  isNarrower: (old: number, now: number) => boolean,
): readonly string[] {
  return keys.flatMap((key) => {
    const [old, now] = [before[key], after[key]];
    if (typeof now !== "number" || (typeof old === "number" && !isNarrower(old, now))) return [];
    return [`${key} was ${typeof old === "number" ? old : "free"} and is ${now}`];
  });
}

function lostValues(before: Schema, after: Schema): readonly string[] {
  const [old, now] = [before["enum"], after["enum"]];
  if (!Array.isArray(now)) return [];
  if (!Array.isArray(old)) return ["has become an enumeration"];
  return old.filter((value) => !now.includes(value)).map((value) => `no longer takes ${JSON.stringify(value)}`);
}

function newDemands(before: Schema, after: Schema): readonly string[] {
  const required = new Set(listOf(before["required"]));
  const rules = new Set(listOf(before["x-kubernetes-validations"]).map((rule) => JSON.stringify(ruleOf(rule))));
  return [
    ...listOf(after["required"])
      .filter((name) => !required.has(name))
      .map((name) => `needs "${name}" now`),
    ...listOf(after["x-kubernetes-validations"])
      .map((rule) => JSON.stringify(ruleOf(rule)))
      .filter((rule) => !rules.has(rule))
      .map((rule) => `has a new rule: ${rule}`),
  ];
}

function innerNarrowings(before: Schema, after: Schema, path: string): readonly string[] {
  const [old, now] = [schemasOf(before["properties"]), schemasOf(after["properties"])];
  const properties = Object.entries(old).flatMap(([name, schema]) => {
    const inner = path === "" ? name : `${path}.${name}`;
    const later = now[name];
    return later === undefined ? [`${inner}: is gone`] : narrowings(schema, later, inner);
  });
  const others = ["items", "additionalProperties"].flatMap((key) => {
    const [earlier, later] = [before[key], after[key]];
    const inner = `${path}${key === "items" ? "[]" : "{}"}`;
    if (isSchema(earlier)) return isSchema(later) ? narrowings(earlier, later, inner) : [`${inner}: is gone`];
    return earlier === later ? [] : [`${inner}: was ${earlier} and is ${JSON.stringify(later)}`];
  });
  return [...properties, ...others];
}

/** What a rule forbids, without how it says so. */
function ruleOf(rule: unknown): unknown {
  return isSchema(rule) ? rule["rule"] : rule;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function schemasOf(value: unknown): Readonly<Record<string, Schema>> {
  return Object.fromEntries(Object.entries(isSchema(value) ? value : {}).filter(isSchemaEntry));
}

function isSchemaEntry(entry: readonly [string, unknown]): entry is [string, Schema] {
  return isSchema(entry[1]);
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
