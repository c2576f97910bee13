// IFLA_INFO_DATA of kind "tun": what the driver tells of a tap (tun_fill_info() of drivers/net/tun.c).

import { decodeAttributes, decodeUint8, decodeUint32 } from "./attribute.ts";
import {
  IFLA_TUN_GROUP,
  IFLA_TUN_MULTI_QUEUE,
  IFLA_TUN_NUM_DISABLED_QUEUES,
  IFLA_TUN_NUM_QUEUES,
  IFLA_TUN_OWNER,
  IFLA_TUN_PERSIST,
  IFLA_TUN_TYPE,
} from "./constants.ts";

const tunAttributes = [
  IFLA_TUN_OWNER,
  IFLA_TUN_GROUP,
  IFLA_TUN_TYPE,
  IFLA_TUN_PERSIST,
  IFLA_TUN_MULTI_QUEUE,
  IFLA_TUN_NUM_QUEUES,
  IFLA_TUN_NUM_DISABLED_QUEUES,
];

export interface TunData {
  /** IFF_TUN or IFF_TAP. */
  readonly type: number;
  readonly isMultiQueue: boolean;
  readonly isPersistent: boolean;
  readonly owner: number | undefined;
  readonly group: number | undefined;
  /** Only multiqueue taps tell. */
  readonly queues: number | undefined;
  readonly disabledQueues: number | undefined;
}

/** @throws NetlinkFormatError */
export function decodeTunData(bytes: Uint8Array): TunData {
  const known: Uint8Array[] = [];
  for (const { type, value } of decodeAttributes(bytes, tunAttributes)) known[type] = value;
  const byte = (type: number): number => {
    const value = known[type];
    return value === undefined ? 0 : decodeUint8(value);
  };
  const number = (type: number): number | undefined => {
    const value = known[type];
    return value === undefined ? undefined : decodeUint32(value);
  };
  return {
    type: byte(IFLA_TUN_TYPE),
    isMultiQueue: byte(IFLA_TUN_MULTI_QUEUE) !== 0,
    isPersistent: byte(IFLA_TUN_PERSIST) !== 0,
    owner: number(IFLA_TUN_OWNER),
    group: number(IFLA_TUN_GROUP),
    queues: number(IFLA_TUN_NUM_QUEUES),
    disabledQueues: number(IFLA_TUN_NUM_DISABLED_QUEUES),
  };
}
