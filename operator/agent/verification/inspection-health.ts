// Whether looking at the taps works: said in the log when that changes, and a problem of the node when it lasts.

import type { InspectReport } from "../../../cni/inspect/report.ts";
import { describeError, type Log } from "../../kube/log.ts";
import { InventoryError } from "../inventory.ts";
import type { Problem } from "../reasons.ts";

/** So many in a row are no accident. */
const failuresToReport = 3;

const blindText =
  "cannot find the taps of the VMs that run here in any network namespace: the agent needs the host's /run/netns " +
  "(mounted with mountPropagation HostToContainer), and netnsDirs of policy.json must name the runtime's directory";

export class InspectionHealth {
  readonly #log: Log;
  #failures = 0;
  #complaint = "";
  /** VMs run here and none of their taps is to be seen. */
  isBlind = false;

  constructor(log: Log) {
    this.#log = log;
  }

  succeeded({ failures }: InspectReport): void {
    if (this.#failures > 0) this.#log.info("the taps' queues can be counted again");
    this.#failures = 0;
    const complaint = failures.map(({ netns, why }) => `${netns}: ${why}`).join("; ");
    // Namespaces come and go while they are looked at: no news for a person.
    if (complaint !== "" && complaint !== this.#complaint) {
      this.#log.debug("some network namespaces could not be read", { failures: complaint.slice(0, 1000) });
    }
    this.#complaint = complaint;
  }

  /** Returns whether what was known before is too old now. */
  failed(error: unknown): boolean {
    const complaint = describeError(error);
    if (complaint !== this.#complaint) this.#log.warn(complaint);
    this.#complaint = complaint;
    // A plugin that is not there may not be installed yet, which is not ours to report.
    if (error instanceof InventoryError && error.isAbsent) return true;
    this.#failures += 1;
    return this.#failures >= failuresToReport;
  }

  /** For the profile's conditions. */
  problems(): readonly Problem[] {
    if (this.isBlind) return [{ reason: "InspectionFailed", message: blindText }];
    if (this.#failures < failuresToReport) return [];
    return [{ reason: "InspectionFailed", message: this.#complaint }];
  }
}
