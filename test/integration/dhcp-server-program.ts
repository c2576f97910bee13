// Runs as a child inside a pod's network namespace, as `dhcp-server-program.ts <tap> <offer as JSON>`: waits for a multiqueue
// tap, takes one more queue of it as soon as it is there, and is the DHCP server behind it. Prints one line for each message that
// it hears. Ends with its stdin.

import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { koffiSyscalls } from "../../cni/sys/koffi.ts";
import { SyscallError } from "../../cni/sys/syscalls.ts";
import { IFF_MULTI_QUEUE, IFF_NO_PI, IFF_TAP, TUNSETIFF, tunDevicePath } from "../../cni/tun/constants.ts";
import { encodeIfreq } from "../../cni/tun/ifreq.ts";
import { type DhcpOffer, dhcpAnswer, frameAgainstDiscover, parseDhcpRequest } from "./dhcp-message.ts";

const [tap = "", offerText = ""] = process.argv.slice(2);
const offer: DhcpOffer = JSON.parse(offerText);
const sys = koffiSyscalls();
const O_RDWR_NONBLOCK = 0o4002;
const POLLIN = 1;

process.stdin.on("end", () => process.exit(0)).resume();
process.stdout.write("waiting\n");
while (!readFileSync("/proc/thread-self/net/dev", "utf8").includes(`${tap}:`)) await setImmediate();
const queue = sys.open(tunDevicePath, O_RDWR_NONBLOCK);
sys.ioctl(queue, TUNSETIFF, encodeIfreq(tap, IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE));
const buffer = Buffer.alloc(2048);
while (true) {
  // A flow is forgotten after 3 s (TUN_FLOW_EXPIRE of drivers/net/tun.c).
  isDone(() => sys.write(queue, frameAgainstDiscover()));
  if ((sys.poll(queue, POLLIN, 20) & POLLIN) !== 0) answer();
  await setImmediate();
}

function answer(): void {
  let length = 0;
  if (!isDone(() => (length = sys.read(queue, buffer)))) return;
  const request = parseDhcpRequest(buffer.subarray(0, length));
  if (request === undefined) return;
  process.stdout.write(`${request.kind}\n`);
  if (request.kind !== "RELEASE") sys.write(queue, dhcpAnswer(request.kind, request, offer));
}

/** The tap may not be up yet, or gone already. */
function isDone(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof SyscallError && ["EIO", "EAGAIN", "EBADFD"].includes(error.code)) return false;
    throw error;
  }
}
