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

/** The CRD of configs. */
export const configDefinitionPath = definitionPath("nodenetworkconfigs");

/** The CRD of profiles. */
export const profileDefinitionPath = definitionPath("nodenetworkprofiles");

function definitionPath(plural: string): string {
  const name = `${plural}.${group}`;
  return resourcePath({ group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions", name });
}
