// For how long something has been as it is, seen from here: no clock but our own monotonic one, and nothing stored. A new
// leader begins to count anew, which can only make it more patient.

/** Remembers when each subject took its present state. */
export class Since {
  readonly #states = new Map<string, { readonly state: string; readonly sinceMs: number }>();

  /** How long the subject has been in this state, which it has just been seen in. */
  elapsedMs(subject: string, state: string, nowMs: number): number {
    const known = this.#states.get(subject);
    if (known?.state === state) {
      return nowMs - known.sinceMs;
    }
    this.#states.set(subject, { state, sinceMs: nowMs });
    return 0;
  }

  /** Forgets everything else. */
  keepOnly(subjects: ReadonlySet<string>): void {
    for (const subject of this.#states.keys()) {
      if (!subjects.has(subject)) {
        this.#states.delete(subject);
      }
    }
  }
}
