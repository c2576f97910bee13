// The count of VMs over the node's limit as others are told of it: anew when VMs or limits change, paced, and not at all
// where VMs cannot be counted.

import type { Clock } from "../../kube/clock.ts";
import type { NodeLimits } from "../sizing/caps.ts";
import { countOverLimit, type RunningInterface } from "./over-limit.ts";
import { PacedNumber } from "./paced-number.ts";

export interface OverLimitCountOptions {
  readonly clock: Clock;
  /** undefined: not known yet. */
  readonly limits: () => NodeLimits | undefined;
  readonly overLimitIntervalMs: number;
  /** `told` may be written again. */
  readonly onOverLimit: () => void;
}

export class OverLimitCount {
  readonly #limits: () => NodeLimits | undefined;
  readonly #told: PacedNumber;
  #running: readonly RunningInterface[] | undefined;

  constructor({ clock, limits, overLimitIntervalMs: intervalMs, onOverLimit: onChange }: OverLimitCountOptions) {
    this.#limits = limits;
    this.#told = new PacedNumber({ clock, intervalMs, onChange });
  }

  /** For the profile's status; null: VMs cannot be counted, undefined: not yet. */
  get told(): number | null | undefined {
    return this.#told.value;
  }

  /** As it is now; undefined while it is not known. */
  get now(): number | undefined {
    if (this.#running === undefined || this.#running.length === 0) return this.#running?.length;
    const limits = this.#limits();
    return limits === undefined ? undefined : countOverLimit(this.#running, limits);
  }

  get hasBegun(): boolean {
    return this.#running !== undefined;
  }

  set(running: readonly RunningInterface[]): void {
    this.#running = running;
    this.recount();
  }

  /** The node's limits may have changed. */
  recount(): void {
    const count = this.now;
    if (count !== undefined) this.#told.set(count);
  }

  /** VMs may run that are not seen: an old count would be wrong. */
  giveUp(): void {
    this.#running = undefined;
    this.#told.set(null);
  }

  close(): void {
    this.#told.close();
  }
}
