// Assertions for the conformance suites. They also run in the binary's engine, where node:assert is not to be had.

import { SyscallError } from "../../cni/sys/syscalls.ts";

/** Cases by the sentence that they prove. Each gets a world of its own. */
export type Cases<World> = Readonly<Record<string, (world: World) => void>>;

/** JSON in which `undefined` can be seen, keys in order. */
function shown(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === undefined) return "<undefined>";
    if (inner instanceof Uint8Array) return Array.from(inner);
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

export function isTrue(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`expected: ${what}`);
}

export function isEqual(actual: unknown, expected: unknown): void {
  if (shown(actual) !== shown(expected)) throw new Error(`expected ${shown(expected)}, found ${shown(actual)}`);
}

export function isThere<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("expected something, found nothing");
  return value;
}

/** Gives what `act` throws. */
export function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("expected an error, found none");
}

/** `act` must fail with a SyscallError of this code. */
export function failsWith(code: string, act: () => unknown): SyscallError {
  const error = thrownBy(act);
  if (error instanceof SyscallError && error.code === code) return error;
  throw new Error(`expected ${code}, found ${String(error)}`);
}
