// Says in events what a status cannot keep or what a person should hear about: keys that were given up, and problems,
// each when it appears and not again while it lasts.

import type { EventRecorder, ObjectReference } from "../kube/events.ts";
import type { Log } from "../kube/log.ts";
import type { Problem } from "./reasons.ts";

export class Announcer {
  readonly #events: Pick<EventRecorder, "record">;
  readonly #log: Log;
  #known: ReadonlySet<string> = new Set();

  constructor(events: Pick<EventRecorder, "record">, log: Log) {
    this.#events = events;
    this.#log = log;
  }

  /** `notices` are said each time: they happen once. */
  announce(regarding: ObjectReference, problems: readonly Problem[], notices: readonly string[]): void {
    for (const note of notices) {
      this.#log.warn("value not restored", { note });
      this.#events.record({ regarding, type: "Warning", reason: "NotRestored", action: "RestoreSysctl", note });
    }
    for (const { reason, message } of problems.filter(({ message }) => !this.#known.has(message))) {
      this.#log.warn("node has a problem", { reason, message });
      this.#events.record({ regarding, type: "Warning", reason, action: "ApplyProfile", note: message });
    }
    this.#known = new Set(problems.map(({ message }) => message));
  }
}
