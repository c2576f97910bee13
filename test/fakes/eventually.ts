// Waiting in tests for what real I/O brings about: no sleeping, no guessing how long; the limit only ends a test that fails.

const limitMs = 20_000;

/** Waits until the condition holds. @throws Error naming what was waited for. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const startedMs = performance.now();
  for (let looks = 0; !condition(); looks += 1) {
    if (performance.now() - startedMs > limitMs) {
      throw new Error(`waited in vain: ${what}`);
    }
    // at first as often as possible, then so that whoever is waited for gets the processor
    await new Promise<void>((resolve) => (looks < 100 ? setImmediate(resolve) : setTimeout(resolve, 2)));
  }
}
