// What mqtap asks of rtnetlink, one method a request, on the namespace in which the socket was opened.

import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { type Attribute, encodeUint32 } from "./attribute.ts";
import {
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_EXT_MASK,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_MASTER,
  IFLA_MTU,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  RTEXT_FILTER_SKIP_STATS,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWQDISC,
  RTM_SETLINK,
} from "./constants.ts";
import { decodeLink, encodeLinkRequest, parseMac, type RouteLink } from "./link-message.ts";
import { encodeRootQdisc } from "./qdisc-message.ts";
import { RouteSocket } from "./socket.ts";

/** Statistics would be most of the answer. */
const withoutStatistics: Attribute = { type: IFLA_EXT_MASK, value: encodeUint32(RTEXT_FILTER_SKIP_STATS) };

export class Route implements Disposable {
  readonly #syscalls: Syscalls;
  readonly #socket: RouteSocket;

  constructor(syscalls: Syscalls) {
    this.#syscalls = syscalls;
    this.#socket = new RouteSocket(syscalls);
  }

  /** Undefined where no link has this name. */
  findLink(name: string): RouteLink | undefined {
    const attributes = [withoutStatistics, { type: IFLA_IFNAME, value: this.#syscalls.encodeUtf8(`${name}\0`) }];
    const payload = encodeLinkRequest({ index: 0, attributes });
    const request = { type: RTM_GETLINK, name: "RTM_GETLINK", asked: `"${name}"`, payload };
    return this.#socket.get(request, (answer) => this.#decode(answer));
  }

  links(): readonly RouteLink[] {
    const payload = encodeLinkRequest({ index: 0, attributes: [withoutStatistics] });
    const request = { type: RTM_GETLINK, name: "RTM_GETLINK", asked: "of all links", payload };
    return this.#socket.dump(request, (answer) => this.#decode(answer));
  }

  setMac(index: number, mac: string): void {
    this.#setLink(index, `mac ${mac}`, { type: IFLA_ADDRESS, value: parseMac(mac) });
  }

  setMtu(index: number, mtuBytes: number): void {
    this.#setLink(index, `mtu ${mtuBytes}`, { type: IFLA_MTU, value: encodeUint32(mtuBytes) });
  }

  setAlias(index: number, alias: string): void {
    this.#setLink(index, `alias "${alias}"`, { type: IFLA_IFALIAS, value: this.#syscalls.encodeUtf8(alias) });
  }

  setMaster(index: number, master: number): void {
    this.#setLink(index, `master ${master}`, { type: IFLA_MASTER, value: encodeUint32(master) });
  }

  setUp(index: number): void {
    const payload = encodeLinkRequest({ index, setFlags: IFF_UP });
    this.#socket.change({ type: RTM_SETLINK, name: "RTM_SETLINK", asked: `up of link ${index}`, payload });
  }

  setRootQdisc(index: number, kind: string): void {
    this.#socket.change({
      type: RTM_NEWQDISC,
      name: "RTM_NEWQDISC",
      asked: `${kind} of link ${index}`,
      flags: NLM_F_CREATE | NLM_F_REPLACE,
      payload: encodeRootQdisc(index, kind),
    });
  }

  /** False where there is no such link any more. */
  deleteLink(index: number): boolean {
    const payload = encodeLinkRequest({ index });
    const request = { type: RTM_DELLINK, name: "RTM_DELLINK", asked: `of link ${index}`, payload };
    try {
      this.#socket.change(request);
      return true;
    } catch (error) {
      if (error instanceof SyscallError && error.code === "ENODEV") return false;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  #setLink(index: number, asked: string, attribute: Attribute): void {
    const payload = encodeLinkRequest({ index, attributes: [attribute] });
    this.#socket.change({ type: RTM_SETLINK, name: "RTM_SETLINK", asked: `${asked} of link ${index}`, payload });
  }

  #decode(payload: Uint8Array): RouteLink {
    return decodeLink(payload, this.#syscalls.decodeUtf8);
  }
}
