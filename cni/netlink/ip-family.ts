// The two families of IP, by number and by the length of their addresses.

// bits/socket.h
const AF_INET = 2;
const AF_INET6 = 10;

/** @throws RangeError for an address of neither family. */
export function familyOf(address: Uint8Array): number {
  if (address.length === 4) return AF_INET;
  if (address.length === 16) return AF_INET6;
  throw new RangeError(`cannot encode an IP address of ${address.length} bytes`);
}

/** Undefined for another family. */
export function addressBytes(family: number | undefined): number | undefined {
  if (family === AF_INET) return 4;
  return family === AF_INET6 ? 16 : undefined;
}
