// One network namespace in memory, with the rules of the kernel that mqtap relies on. test/conformance holds it to the
// behaviour of the real one.

import type { Link, TapOperation } from "../../cni/kernel/kernel.ts";
import { errnoNumber } from "../../cni/sys/errno.ts";
import { SyscallError } from "../../cni/sys/syscalls.ts";
import { linkNameBytes } from "../../cni/tun/link-name.ts";
import { FakeIpStack } from "./fake-ip-stack.ts";

/** As the real adapters throw it. */
export function syscallError(syscall: string, code: string, args = ""): SyscallError {
  return new SyscallError({ syscall, errno: errnoNumber(code), code, args });
}

/** MAX_TAP_QUEUES of drivers/net/tun.c; disabled queues count. */
const maxTapQueues = 256;

/** What a test may say of a link that it puts there. */
export type FakeLinkOptions = Partial<Omit<Link, "index" | "name">>;

export class FakeNamespace {
  readonly identity: string;
  readonly ip = new FakeIpStack(() => this.list());
  readonly #links = new Map<number, Link>();
  /** Single-queue taps whose queue is open; they do not tell it themselves. */
  readonly #taken = new Set<number>();
  #lastIndex = 0;
  /** How often something happened to a link. */
  changes = 0;

  constructor(identity: string) {
    this.identity = identity;
    this.addLink("lo", { mac: "00:00:00:00:00:00", mtuBytes: 65_536, qdisc: "noqueue", kind: undefined });
  }

  /** Puts a link there, as something other than mqtap would. */
  addLink(name: string, options: FakeLinkOptions = {}): Link {
    this.#lastIndex += 1;
    const index = this.#lastIndex;
    const link: Link = {
      index,
      name,
      kind: "dummy",
      mac: `02:00:00:00:00:${index.toString(16).padStart(2, "0")}`,
      mtuBytes: 1500,
      isUp: false,
      hasCarrier: false,
      txQueueLength: 1000,
      alias: undefined,
      master: undefined,
      qdisc: "noop",
      tap: undefined,
      ...options,
    };
    this.#links.set(index, link);
    this.changes += 1;
    return link;
  }

  /** Puts a tap there as someone else, for instance KubeVirt, would have made it. */
  addTap(name: string, options: FakeLinkOptions & { readonly isMultiQueue?: boolean } = {}): Link {
    const { isMultiQueue = true, ...rest } = options;
    const queues = isMultiQueue ? 0 : undefined;
    return this.addLink(name, {
      kind: "tun",
      tap: {
        isTap: true,
        isMultiQueue,
        isPersistent: true,
        owner: undefined,
        group: undefined,
        queues,
        disabledQueues: queues,
      },
      ...rest,
    });
  }

  list(): readonly Link[] {
    return [...this.#links.values()];
  }

  find(name: string): Link | undefined {
    return this.list().find((link) => link.name === name);
  }

  get(index: number): Link | undefined {
    return this.#links.get(index);
  }

  /** Changes a link from outside, as `ip link set` would. */
  change(index: number, changes: FakeLinkOptions): void {
    const link = this.#links.get(index);
    if (link === undefined) throw syscallError("RTM_SETLINK", "ENODEV");
    this.#links.set(index, { ...link, ...changes });
    this.changes += 1;
  }

  remove(index: number): void {
    if (this.#links.get(index)?.name === "lo") throw syscallError("RTM_DELLINK", "EOPNOTSUPP", `link ${index}`);
    this.#links.delete(index);
    this.changes += 1;
  }

  /** TUNSETIFF with IFF_TUN_EXCL: the new tap has its first queue. */
  createTap(name: string, isMultiQueue: boolean): Link {
    if (linkNameBytes(name) === undefined) throw syscallError("TUNSETIFF", "EINVAL", `"${name}"`);
    if (this.find(name) !== undefined) throw syscallError("TUNSETIFF", "EBUSY", `"${name}"`);
    const tap = this.addTap(name, { isMultiQueue });
    this.#setTap(tap.index, { isPersistent: false, ...(isMultiQueue ? { queues: 1 } : {}) });
    if (!isMultiQueue) this.#taken.add(tap.index);
    this.#setCarrier(tap.index);
    return this.get(tap.index) ?? tap;
  }

  /** One operation of a tap in the making, with the kernel's own checks. */
  perform(index: number, operation: TapOperation): void {
    const link = this.#links.get(index);
    if (link === undefined) throw goneError(operation);
    switch (operation.kind) {
      case "setOwner":
        this.#setTap(index, { owner: operation.uid });
        break;
      case "setGroup":
        this.#setTap(index, { group: operation.gid });
        break;
      case "setMac":
        if (!isUnicast(operation.mac)) throw syscallError("RTM_SETLINK", "EADDRNOTAVAIL", `mac ${operation.mac}`);
        this.change(index, { mac: operation.mac.toLowerCase() });
        break;
      case "setMtu":
        // MIN_MTU and MAX_MTU less the Ethernet header, drivers/net/tun.c.
        if (operation.mtuBytes < 68 || operation.mtuBytes > 65_521) throw syscallError("RTM_SETLINK", "EINVAL", "mtu");
        this.change(index, { mtuBytes: operation.mtuBytes });
        break;
      case "setAlias":
        this.change(index, { alias: operation.alias });
        break;
      case "setQdisc":
        this.change(index, { qdisc: operation.qdisc });
        break;
      case "setMaster":
        this.change(index, { master: this.#bridge(operation.bridge) });
        break;
      case "setUp":
        this.change(index, { isUp: true, qdisc: link.qdisc === "noop" ? defaultQdisc(link) : link.qdisc });
        break;
      case "persist":
        this.#setTap(index, { isPersistent: true });
        break;
      default:
        operation satisfies never;
    }
  }

  /** The maker's descriptor is closed: its queue goes, and with it a tap that was not made persistent. */
  release(index: number): void {
    this.#taken.delete(index);
    const tap = this.#links.get(index)?.tap;
    if (tap?.isPersistent === false) this.#links.delete(index);
    else if (tap?.queues !== undefined) this.#setTap(index, { queues: tap.queues - 1 });
    this.#setCarrier(index);
  }

  /** Opens queues as QEMU does. @throws SyscallError EINVAL where the tap's bit differs, E2BIG beyond the kernel's limit. */
  attachQueues(name: string, options: { readonly isMultiQueue: boolean; readonly count: number }): Disposable {
    const link = this.find(name);
    if (link?.tap === undefined || link.tap.isMultiQueue !== options.isMultiQueue) {
      throw syscallError("TUNSETIFF", "EINVAL", `"${name}"`);
    }
    if (!options.isMultiQueue && (options.count > 1 || this.#taken.has(link.index))) {
      throw syscallError("TUNSETIFF", "EBUSY", `"${name}"`);
    }
    const before = link.tap.queues ?? 0;
    if (before + (link.tap.disabledQueues ?? 0) + options.count > maxTapQueues) {
      throw syscallError("TUNSETIFF", "E2BIG", `"${name}"`);
    }
    if (options.isMultiQueue) this.#setTap(link.index, { queues: before + options.count });
    else this.#taken.add(link.index);
    this.#setCarrier(link.index);
    return {
      [Symbol.dispose]: () => {
        this.#taken.delete(link.index);
        const queues = this.get(link.index)?.tap?.queues;
        if (queues !== undefined) this.#setTap(link.index, { queues: queues - options.count });
        this.#setCarrier(link.index);
      },
    };
  }

  #setTap(index: number, changes: Partial<NonNullable<Link["tap"]>>): void {
    const tap = this.#links.get(index)?.tap;
    if (tap !== undefined) this.change(index, { tap: { ...tap, ...changes } });
  }

  /** The driver switches it with the first queue and the last. */
  #setCarrier(index: number): void {
    const tap = this.#links.get(index)?.tap;
    if (tap === undefined) return;
    const queues = (tap.queues ?? 0) + (tap.disabledQueues ?? 0);
    this.change(index, { hasCarrier: queues > 0 || this.#taken.has(index) });
  }

  #bridge(name: string): number {
    const bridge = this.find(name);
    if (bridge === undefined) throw syscallError("RTM_SETLINK", "ENODEV", `master "${name}"`);
    if (bridge.kind !== "bridge") throw syscallError("RTM_SETLINK", "EOPNOTSUPP", `master "${name}"`);
    return bridge.index;
  }
}

/** The tap was deleted under its descriptor: the driver and rtnetlink say so in different words. */
function goneError({ kind }: TapOperation): SyscallError {
  const isIoctl = kind === "setOwner" || kind === "setGroup" || kind === "persist";
  return isIoctl ? syscallError("TUNSET", "EBADFD") : syscallError("RTM_SETLINK", "ENODEV");
}

function isUnicast(mac: string): boolean {
  const bytes = mac.split(":").map((byte) => Number.parseInt(byte, 16));
  return bytes.length === 6 && ((bytes[0] ?? 1) & 1) === 0 && bytes.some((byte) => byte !== 0);
}

/** What dev_open() gives a device that has no qdisc yet, net/sched/sch_generic.c. */
function defaultQdisc(link: Link): string {
  return link.tap?.isMultiQueue === true ? "mq" : "pfifo_fast";
}
