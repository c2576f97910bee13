// The profile's condition PluginInstalled, from what the installer found. Pure.

import type { NewCondition } from "../../kube/conditions.ts";
import { byWeight } from "../reasons.ts";
import { shortHash } from "./install-problem.ts";
import type { Installation } from "./installer.ts";

export type PluginCondition = Pick<NewCondition, "status" | "reason" | "message">;

/** For an agent that was given no CNI directory. */
export const pluginNotManaged: PluginCondition = {
  status: "Unknown",
  reason: "NotManaged",
  message:
    "this agent does not install the plugin (no --cni-bin-dir): whoever brings it to the node keeps it at the agent's release",
};

/** `target` as the host has it. */
export function pluginCondition({ isCurrent, sha256, problems }: Installation, target: string): PluginCondition {
  if (isCurrent) {
    return {
      status: "True",
      reason: "Installed",
      message: `${target} is this agent's release (${shortHash(sha256 ?? "")})`,
    };
  }
  const [first] = byWeight(problems);
  return {
    status: "False",
    reason: first?.reason ?? "InstallFailed",
    message: byWeight(problems)
      .map(({ message }) => message)
      .join("; "),
  };
}
