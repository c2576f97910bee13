// Many writes at once, but not all at once; one that fails stops no other.

/** Runs `work` on every item, at most `limit` at a time and in order; gives back what was thrown. */
export async function eachLimited<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      try {
        await work(item);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return errors;
}

/** @throws the only error, or all of them in one. */
export function throwAny(errors: readonly unknown[], what: string): void {
  if (errors.length === 1) {
    throw errors[0];
  }
  if (errors.length > 1) {
    throw new AggregateError(errors, `cannot ${what}: ${errors.length} failures, the first is the cause`, {
      cause: errors[0],
    });
  }
}
