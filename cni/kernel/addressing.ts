// What a tap with addresses asks of the kernel beyond kernel.ts. Only configurations with `ipam` need it, so it is an interface
// of its own: the program that serves every other ADD carries none of it.

import type { NetworkNamespace } from "./kernel.ts";

/** 4 bytes are IPv4, 16 bytes are IPv6, in network order. */
export type IpBytes = Uint8Array;

export interface IpPrefix {
  readonly address: IpBytes;
  readonly prefixLength: number;
}

export interface IpRoute {
  /** Bits beyond the prefix are of no account. */
  readonly destination: IpPrefix;
  readonly gateway: IpBytes | undefined;
  readonly mtuBytes: number | undefined;
  readonly advmss: number | undefined;
  /** 0 to 2^32-1. Undefined: the kernel's choice, which is 0 for IPv4 and 1024 for IPv6. */
  readonly priority: number | undefined;
  /** 1 to 2^32-1. Undefined: the main table, 254. */
  readonly table: number | undefined;
  /** 0 to 255, RT_SCOPE_… Undefined: universe with a gateway, else link. IPv6 knows no scopes. */
  readonly scope: number | undefined;
}

/** Addresses and routes of one network namespace. Not usable after disposal. */
export interface Addressing extends Disposable {
  /**
   * Undoes net.ipv6.conf.<name>.disable_ipv6 for `lo` and the link, and keeps the link's addresses when it goes down
   * (keep_addr_on_down), as the reference does before the first IPv6 address. A kernel without IPv6 is no error here.
   * @throws SyscallError
   */
  enableIpv6(name: string): void;
  /** RTM_NEWADDR. An IPv6 address is set with IFA_F_NODAD: it is usable at once. @throws SyscallError EEXIST for one that is there. */
  addAddress(index: number, prefix: IpPrefix): void;
  /**
   * RTM_NEWROUTE through the link of this index, which is up.
   * @throws SyscallError EEXIST for a route that is there, the same in all its parts; one that differs is added beside it.
   */
  addRoute(index: number, route: IpRoute): void;
  /** The addresses of one link, the kernel's own link-local one included. */
  addresses(index: number): readonly IpPrefix[];
  /**
   * The unicast routes through one link, in all tables but the kernel's local one, those the kernel made for addresses
   * included. Table and scope are told always; a route over several gateways is one route for each.
   */
  routes(index: number): readonly IpRoute[];
  /**
   * net.ipv4.conf.<name>.arp_notify = 1, as the reference sets it: neighbours hear of the address when the link comes up.
   * A kernel without IPv4, or a /proc/sys that is read-only, is no error. @throws SyscallError
   */
  announceByArp(name: string): void;
}

/** Opens the addressing of a namespace, which has to stay open meanwhile. @throws SyscallError */
export type OpenAddressing = (namespace: NetworkNamespace) => Addressing;
