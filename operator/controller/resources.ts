// The paths of the objects the controller reads and writes, and the name it writes under.
import { group, version } from "../../crds/resource.ts";
import { resourcePath } from "../kube/resource-path.ts";

/** Owns the spec of profiles, the status of configs, and the label on nodes. */
export const fieldManager = "mqtap-controller";

/** All configs, or one. */
export function configPath(name?: string): string {
  return resourcePath({ group, version, plural: "nodenetworkconfigs", name });
}

/** All profiles, or one. */
export function profilePath(name?: string): string {
  return resourcePath({ group, version, plural: "nodenetworkprofiles", name });
}

/** All nodes, or one. */
export function nodePath(name?: string): string {
  return resourcePath({ group: "", version: "v1", plural: "nodes", name });
}
