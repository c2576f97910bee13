// One AbortSignal from several: the caller's, and a time limit on the injected clock. Disposing it removes its listeners
// and timer, so that a signal which lives as long as the process collects nothing.
import type { Clock, Timer } from "./clock.ts";

/** A signal with an end. */
export interface AbortScope extends Disposable {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** Starts the time limit anew, or lifts it. */
  limit(timeoutMs: number | undefined): void;
}

/** What may end the scope. */
export interface AbortScopeOptions {
  readonly clock: Clock;
  readonly parents: readonly (AbortSignal | undefined)[];
  readonly timeoutMs?: number | undefined;
  /** The reason at the time limit. */
  readonly onTimeout?: (() => Error) | undefined;
}

/** Opens a scope; use it with `using`. */
export function openAbortScope({ clock, parents, timeoutMs, onTimeout }: AbortScopeOptions): AbortScope {
  const controller = new AbortController();
  let timer: Timer | undefined;
  const undo: (() => void)[] = [];
  for (const parent of parents) {
    if (parent !== undefined) {
      const follow = (): void => controller.abort(parent.reason);
      if (parent.aborted) {
        follow();
      } else {
        parent.addEventListener("abort", follow, { once: true });
        undo.push(() => parent.removeEventListener("abort", follow));
      }
    }
  }
  const limit = (limitMs: number | undefined): void => {
    timer?.cancel();
    timer = limitMs === undefined ? undefined : clock.after(limitMs, expire);
  };
  const expire = (): void =>
    controller.abort(onTimeout?.() ?? new DOMException("the time limit has passed", "TimeoutError"));
  limit(timeoutMs);
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    limit,
    [Symbol.dispose]() {
      timer?.cancel();
      for (const step of undo) {
        step();
      }
    },
  };
}
