// Numbers of the tun driver, named as in linux/if_tun.h.

// The requests that ../sys lets through; its adapters hold the same numbers in their allow-lists.
export const TUNSETIFF = 0x4004_54ca;
export const TUNSETPERSIST = 0x4004_54cb;
export const TUNSETOWNER = 0x4004_54cc;
export const TUNSETGROUP = 0x4004_54ce;
export const TUNGETIFF = 0x8004_54d2;
export const TUNGETFEATURES = 0x8004_54cf;

/** sizeof(struct ifreq), linux/if.h. */
export const ifreqBytes = 40;

export const IFF_TAP = 0x0002;
export const IFF_NO_PI = 0x1000;
export const IFF_VNET_HDR = 0x4000;
export const IFF_TUN_EXCL = 0x8000;
export const IFF_MULTI_QUEUE = 0x0100;

/** Where the driver is reached (Documentation/networking/tuntap.rst). */
export const tunDevicePath = "/dev/net/tun";
