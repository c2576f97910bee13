// The agent's container sees the host's directories below a folder. People, events and the plugin know the host alone.

/** A path as the host has it. `hostRoot` is where the host is mounted; "/" for an agent outside a container. */
export function hostPathOf(hostRoot: string, path: string): string {
  const root = hostRoot.replace(/\/+$/, "");
  return root !== "" && path.startsWith(`${root}/`) ? path.slice(root.length) : path;
}
