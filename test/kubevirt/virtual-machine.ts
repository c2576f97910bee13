// VMIs of four vCPUs as virt-handler has them when it prepares a pod's network.

/** An interface's binding, by the name under which people know it. */
export const bindings = {
  masquerade: { masquerade: {} },
  bridge: { bridge: {} },
  managedTap: { binding: { name: "mqtap" } },
} as const;

export interface VmShape {
  readonly binding: object;
  readonly isMultiqueue?: boolean;
  readonly runtimeUser?: number;
  /** A second interface with the bridge binding, on a network of Multus of this name. */
  readonly secondary?: string;
}

export function virtualMachine({ binding, isMultiqueue = true, runtimeUser = 107, secondary }: VmShape): object {
  const isThere = secondary !== undefined;
  const interfaces = [{ name: "default", ...binding }, ...(isThere ? [{ name: secondary, bridge: {} }] : [])];
  const networks = [
    { name: "default", pod: {} },
    ...(isThere ? [{ name: secondary, multus: { networkName: "nad" } }] : []),
  ];
  return {
    metadata: { name: "vm", namespace: "default", uid: "3f6c" },
    spec: {
      domain: { cpu: { cores: 4 }, devices: { networkInterfaceMultiqueue: isMultiqueue, interfaces } },
      networks,
    },
    status: { runtimeUser },
  };
}
