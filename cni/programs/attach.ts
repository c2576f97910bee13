// mqtap-attach <descriptor> <flags> <name>: makes a tap on a descriptor that it was handed, under the label that it runs with
// (../tun/attach-labelled.ts). Its status is the errno of TUNSETIFF, 0 for none: a label may cost it its stdout.

// biome-ignore lint/style/useNodejsImportProtocol: the host of the binary offers "sys", Node has no part in it
import { argv, exit, ioctl } from "sys";
import { TUNSETIFF } from "../tun/constants.ts";
import { encodeIfreq } from "../tun/ifreq.ts";

const [, descriptor = "", flags = "", name = "", ...more] = argv;
if (!/^[0-9]{1,9}$/.test(descriptor) || !/^[0-9]{1,5}$/.test(flags) || more.length > 0) {
  throw new Error("usage: mqtap-attach <descriptor> <flags> <name>");
}
const answer = ioctl(Number(descriptor), TUNSETIFF, encodeIfreq(name, Number(flags)));
exit(answer < 0 ? -answer : 0);
