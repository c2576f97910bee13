// The real IPAM plugins of the test bed, and what the kernel says of the addresses that a pod got.

import { mkdirSync, writeFileSync } from "node:fs";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import type { Bed } from "./bed.ts";

/** Where set-up puts the CNI project's programs. */
export const componentDirectory = layoutOfCheckout().binDir;

/** Where a test puts IPAM plugins of its own, inside the bed. */
const scriptDirectory = "/run/ipam";

/** CNI_PATH for all of them. */
export const cniPath = `${scriptDirectory}:${componentDirectory}`;

/** Addresses of both families, with a default route for each, and a route through another gateway. */
export const hostLocal = {
  type: "host-local",
  ranges: [[{ subnet: "10.1.2.0/24", gateway: "10.1.2.1" }], [{ subnet: "fd00:1:2::/64", gateway: "fd00:1:2::1" }]],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }, { dst: "10.9.0.0/16", gw: "10.1.2.9" }],
};

export const hostLocalIpv4 = {
  ...hostLocal,
  ranges: hostLocal.ranges.slice(0, 1),
  routes: hostLocal.routes.filter(({ dst }) => dst !== "::/0"),
};

/** Installs a shell script as an IPAM plugin of that name. */
export function installPlugin(bed: Bed, name: string, script: string): void {
  mkdirSync(bed.path(scriptDirectory), { recursive: true });
  writeFileSync(bed.path(`${scriptDirectory}/${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** The addresses that host-local has reserved in the network. */
export async function reservedAddresses(bed: Bed, network = "net"): Promise<readonly string[]> {
  const { stdout } = await bed.run(["ls", `/var/lib/cni/networks/${network}`]);
  return stdout.split("\n").filter((name) => /^[0-9a-f.:]+$/.test(name));
}

interface SeenAddress {
  readonly family: string;
  readonly local: string;
  readonly prefixlen: number;
  readonly broadcast?: string;
  readonly scope: string;
  readonly tentative?: boolean;
}

interface SeenRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly dev: string;
  readonly protocol?: string;
  readonly scope?: string;
  readonly metric?: number;
  readonly prefsrc?: string;
}

/** Addresses and routes of a link, but for the link-local address that the kernel makes of its mac. */
export async function seenAddresses(bed: Bed, namespace: string, name: string) {
  const ip = async (...args: readonly string[]) => JSON.parse(await bed.must("ip", "-n", namespace, "-j", ...args));
  const [link]: readonly { readonly addr_info: readonly SeenAddress[] }[] = await ip("addr", "show", "dev", name);
  const families = [await ip("route", "show", "dev", name), await ip("-6", "route", "show", "dev", name)];
  const routes: readonly SeenRoute[] = families.flat();
  return {
    addresses: (link?.addr_info ?? [])
      .filter(({ scope }) => scope !== "link")
      .map(({ family, local, prefixlen, broadcast, scope, tentative = false }) => {
        return { family, local, prefixlen, broadcast, scope, tentative };
      }),
    routes: routes
      .filter(({ dst }) => dst !== "fe80::/64")
      .map(({ dst, gateway, protocol, metric, prefsrc }) => ({ dst, gateway, protocol, metric, prefsrc })),
  };
}
