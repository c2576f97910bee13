// Whether a CNI configuration has mqtap run: as a plugin, in a chain, or in what a meta plugin hands on. Pure.

import { isRecord } from "../../kube/object-meta.ts";

/** A text that is no JSON is taken to name it where the word stands in quotes: removing too little is the lesser harm. */
export function namesPlugin(text: string): boolean {
  try {
    return hasType(JSON.parse(text));
  } catch {
    return text.includes('"mqtap"');
  }
}

/** Go takes keys in any case. */
function hasType(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasType);
  if (!isRecord(value)) return false;
  return Object.entries(value).some(
    ([key, inner]) => (key.toLowerCase() === "type" && inner === "mqtap") || hasType(inner),
  );
}
