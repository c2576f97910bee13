// Runs as a child inside a demo node and prints the links of one network namespace as JSON, read by rtnetlink.
// A process of its own, since entering a namespace changes the whole thread.
import { LinuxKernel } from "../../../cni/kernel/linux.ts";
import { koffiSyscalls } from "../../../cni/sys/koffi.ts";

const netns = process.argv[2] ?? "";
using namespace = new LinuxKernel(koffiSyscalls()).openNamespace(netns);
if (namespace === undefined) throw new Error(`"${netns}" is no network namespace`);
process.stdout.write(JSON.stringify(namespace.links()));
