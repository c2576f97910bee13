// As much of DHCP (RFC 2131, options of RFC 2132) as a server with one fixed address needs, as whole Ethernet frames.

/** What a client said. */
export interface DhcpRequest {
  readonly kind: "DISCOVER" | "REQUEST" | "RELEASE";
  readonly mac: string;
  readonly transaction: Buffer;
}

/** What the server has to give, and to whom. */
export interface DhcpOffer {
  readonly server: string;
  readonly address: string;
  readonly mask: string;
  readonly gateway: string;
  readonly leaseSeconds: number;
}

const kinds: Readonly<Record<number, DhcpRequest["kind"]>> = { 1: "DISCOVER", 3: "REQUEST", 7: "RELEASE" };
const answers = { DISCOVER: 2, REQUEST: 5 } as const;
const serverMac = "020000000044";
const everybody = "ffffffffffff";
const cookie = "63825363";
/** BOOTP's fixed fields, the cookie included. */
const fixedBytes = 240;
const headerBytes = { ethernet: 14, ip: 20, udp: 8 } as const;

/** Undefined for a frame that is no DHCP message of a client. */
export function parseDhcpRequest(frame: Buffer): DhcpRequest | undefined {
  const isUdp =
    frame.length > headerBytes.ethernet + headerBytes.ip && frame.readUInt16BE(12) === 0x0800 && frame[23] === 17;
  if (!isUdp) return undefined;
  const udp = headerBytes.ethernet + ((frame[14] ?? 0) & 15) * 4;
  const bootp = frame.subarray(udp + headerBytes.udp);
  if (frame.readUInt16BE(udp + 2) !== 67 || bootp.length < fixedBytes) return undefined;
  for (let at = fixedBytes; at + 2 < bootp.length && bootp[at] !== 255; at += 2 + (bootp[at + 1] ?? 0)) {
    const kind = bootp[at] === 53 ? kinds[bootp[at + 2] ?? 0] : undefined;
    if (kind === undefined) continue;
    return { kind, mac: bootp.toString("hex", 28, 34), transaction: Buffer.from(bootp.subarray(4, 8)) };
  }
  return undefined;
}

/** DHCPOFFER or DHCPACK. */
export function dhcpAnswer(kind: "DISCOVER" | "REQUEST", request: DhcpRequest, offer: DhcpOffer): Buffer {
  const bootp = Buffer.alloc(fixedBytes);
  bootp.set([2, 1, 6]);
  bootp.set(request.transaction, 4);
  bootp.set(ipv4(offer.address), 16);
  bootp.set(ipv4(offer.server), 20);
  bootp.write(request.mac, 28, "hex");
  bootp.write(cookie, 236, "hex");
  const lease = Buffer.alloc(4);
  lease.writeUInt32BE(offer.leaseSeconds);
  const options = [
    option(53, [answers[kind]]),
    option(54, ipv4(offer.server)),
    option(51, lease),
    option(1, ipv4(offer.mask)),
    option(3, ipv4(offer.gateway)),
    Buffer.of(255),
  ];
  return frameOf({ mac: request.mac, from: offer.server, to: "255.255.255.255" }, Buffer.concat([bootp, ...options]));
}

/**
 * A frame that runs against a client's first messages: the tun driver gives a flow to the queue from which it last heard the
 * other direction of it.
 */
export function frameAgainstDiscover(): Buffer {
  return frameOf({ mac: everybody, from: "255.255.255.255", to: "0.0.0.0" }, Buffer.alloc(0));
}

/** From the server's port to the client's. Over IPv4 the checksum of UDP may be 0, which is none. */
function frameOf({ mac, from, to }: { mac: string; from: string; to: string }, payload: Buffer): Buffer {
  const frame = Buffer.alloc(headerBytes.ethernet + headerBytes.ip + headerBytes.udp);
  frame.write(`${mac}${serverMac}0800`, "hex");
  const ip = frame.subarray(headerBytes.ethernet);
  ip.set([0x45]);
  ip.writeUInt16BE(headerBytes.ip + headerBytes.udp + payload.length, 2);
  ip.set([64, 17], 8);
  ip.set(ipv4(from), 12);
  ip.set(ipv4(to), 16);
  ip.writeUInt16BE(checksum(ip.subarray(0, headerBytes.ip)), 10);
  const udp = ip.subarray(headerBytes.ip);
  udp.writeUInt16BE(67, 0);
  udp.writeUInt16BE(68, 2);
  udp.writeUInt16BE(headerBytes.udp + payload.length, 4);
  return Buffer.concat([frame, payload]);
}

/** RFC 1071. */
function checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum ^ 0xffff;
}

function option(code: number, value: Iterable<number>): Buffer {
  const bytes = Buffer.from([...value]);
  return Buffer.from([code, bytes.length, ...bytes]);
}

function ipv4(text: string): Buffer {
  return Buffer.from(text.split(".").map(Number));
}
