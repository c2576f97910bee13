// Reading unknown JSON safely: own properties only, keys in any case as Go's encoding/json takes them, values shown short.
// The binary carries no schema library; config.ts, result.ts and sizing/protocol.ts are built from these few functions.

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The own property `key` in any case; undefined when absent or null, which Go reads as "not set". */
export function memberOf(object: JsonObject, key: string): unknown {
  const lowerKey = key.toLowerCase();
  let found: unknown;
  for (const candidate of Object.keys(object)) {
    if (candidate.length === key.length && candidate.toLowerCase() === lowerKey) found = object[candidate];
  }
  return found ?? undefined;
}

/** An integer that a double holds exactly, within the bounds; anything else is undefined. */
export function integerWithin(value: unknown, least: number, most: number): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most
    ? value
    : undefined;
}

const longestShown = 80;

/** `value` as JSON for a message, cut where it would drown the rest. */
export function showJson(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}
