// Paths of the Kubernetes API: /api/v1/... for the core group, /apis/<group>/<version>/... for all others.

/** Which collection, object or subresource; the core group is "". */
export interface ResourceAddress {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** The path of a collection, or with a name that of an object, or with a subresource that of e.g. its status. */
export function resourcePath(address: ResourceAddress): string {
  const root = address.group === "" ? ["api", address.version] : ["apis", address.group, address.version];
  const scope = address.namespace === undefined ? [] : ["namespaces", address.namespace];
  const object = [address.name, address.subresource].filter((part) => part !== undefined);
  return `/${[...root, ...scope, address.plural, ...object].map(encodeURIComponent).join("/")}`;
}
