// Holds what an ADD asks for against the node's policy. Only what the configuration says is judged, never what the agent answers
// or what mqtap does by default.

import { CniError, errorCodes } from "../error.ts";
import { showJson } from "../json-object.ts";
import type { Log } from "../log.ts";
import type { Syscalls } from "../sys/syscalls.ts";
import { type Allowed, type Policy, policyPath } from "./policy.ts";
import { readPolicy } from "./read-policy.ts";

/** Undefined: not asked for. */
export interface Asked {
  readonly owner: number | undefined;
  readonly group: number | undefined;
  readonly selinuxContext?: string | undefined;
}

/** @throws CniError 109 naming field, value and the setting that would allow it; 108 for a file that cannot be used. */
export function enforcePolicy(effects: { readonly sys: Syscalls; readonly log: Log }, asked: Asked): Policy {
  const policy = readPolicy(effects);
  const demand = <T>(field: string, value: T | undefined, setting: keyof Policy, allowed: Allowed<T>): void => {
    if (value === undefined || isAllowed(allowed, value)) return;
    throw forbidden(field, value, `add ${JSON.stringify(value)} to "${setting}", or remove the field`);
  };
  demand("owner", asked.owner, "owners", policy.owners);
  demand("group", asked.group, "groups", policy.groups);
  demand("selinuxContext", asked.selinuxContext, "selinuxContexts", policy.selinuxContexts);
  return policy;
}

export function isAllowed<T>(allowed: Allowed<T>, value: T): boolean {
  return allowed === "any" || allowed.includes(value);
}

/** The refusal of one field's value. */
export function forbidden(field: string, value: unknown, advice: string): CniError {
  return new CniError(
    errorCodes.ForbiddenByPolicy,
    `"${field}": ${showJson(value)} is not allowed by ${policyPath}: ${advice}`,
  );
}
