// Durations as people write them in Kubernetes objects: 30s, 5m, 1h30m. A subset of Go's, so that CEL reads them too.
import * as z from "zod/mini";
import { described } from "./schema.ts";

const pattern = /^([0-9]{1,4}h)?([0-9]{1,5}m)?([0-9]{1,7}s)?([0-9]{1,9}ms)?$/;

/** Milliseconds, or undefined for a text that is no such duration. */
export function parseDurationMs(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null || text === "") return undefined;
  const [hours, minutes, seconds, milliseconds] = match.slice(1).map((part) => Number.parseInt(part ?? "0", 10));
  return (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000 + (milliseconds ?? 0);
}

/** A duration from `least` to `most`, both themselves durations. */
export function durationSchema(description: string, least: string, most: string): z.ZodMiniString {
  const leastMs = parseDurationMs(least) ?? 0;
  const mostMs = parseDurationMs(most) ?? 0;
  const message = `must be a duration from ${least} to ${most}, such as 30s, 5m or 1h30m`;
  return described(z.string().check(z.maxLength(32)), description, [
    {
      rule:
        `self != '' && self.matches('${pattern.source}')` +
        ` && duration(self) >= duration('${least}') && duration(self) <= duration('${most}')`,
      message,
      messageExpression: `'"' + self + '" ${message}'`,
      holds: (text) => {
        const ms = parseDurationMs(text);
        return ms !== undefined && ms >= leastMs && ms <= mostMs;
      },
    },
  ]);
}
