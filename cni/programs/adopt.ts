// The program that the node's agent runs for each pod whose taps KubeVirt makes: `mqtap adopt`.

// biome-ignore lint/style/useNodejsImportProtocol: the host of the binary offers "sys", Node has no part in it
import { argv, exit } from "sys";
import { runAdopt } from "../adopt/run-adopt.ts";
import { LinuxKernel } from "../kernel/linux.ts";
import { openLinuxLinkEditor } from "../kernel/linux-link-editor.ts";
import { nativeSyscalls } from "../sys/native.ts";
import { printOutcome } from "./print-outcome.ts";

const sys = nativeSyscalls();
const openLinkEditor = openLinuxLinkEditor.bind(undefined, sys);
const outcome = runAdopt({ kernel: new LinuxKernel(sys), openLinkEditor, sys }, argv.slice(2));
exit(printOutcome(sys, outcome));
