// KubeVirt's OnDefineDomain hook: lowers the queues of a VM's NICs to what their taps were made for. What it prints is what
// libvirt defines, so it always prints a document: on any doubt the one it was given, and why on stderr.

import { formatLogLine } from "../log.ts";
import type { Syscalls } from "../sys/syscalls.ts";
import { companionTapName, podInterfaceName } from "../tap/name.ts";
import { type CappedDomain, capQueues } from "./cap-queues.ts";
import { type DomainNic, DomainXmlError, findDomainNics } from "./domain-nics.ts";
import { type HookArguments, parseHookArguments } from "./hook-arguments.ts";
import { rawArgument } from "./raw-argument.ts";
import { readTaps } from "./read-taps.ts";
import { parseVmiFacts, type VmiFacts } from "./vmi-facts.ts";

export interface HookOutcome {
  /** Bytes where the document is no UTF-8. */
  readonly stdout: string | Uint8Array;
  /** Nothing, or one line of JSON. */
  readonly stderr: string;
  readonly exitStatus: 0 | 1;
}

/** What one line may tell of. */
const mostNotes = 32;

/** `argv` with the program's name first. Never throws. */
export function onDefineDomain(sys: Syscalls, argv: readonly string[]): HookOutcome {
  const words = parseHookArguments(argv);
  const { domain, fault } = words;
  if (domain === undefined) {
    const why = fault ?? "--domain is missing";
    const stderr = formatLogLine("error", `cannot print a domain: ${why}: run it with --vmi JSON --domain XML`);
    return { stdout: "", stderr, exitStatus: 1 };
  }
  const unchanged = (stdout: string | Uint8Array, why: string): HookOutcome => ({
    stdout,
    stderr: formatLogLine("warn", `the domain stays as it is: ${why}`),
    exitStatus: 0,
  });
  try {
    if (fault !== undefined) return unchanged(domain.text, fault);
    if (domain.text.includes("\ufffd")) {
      const bytes = rawArgument(sys, domain.index);
      if (bytes === undefined) return unchanged(domain.text, "it may be no UTF-8, and its bytes cannot be read");
      if (!areEqual(bytes, sys.encodeUtf8(domain.text))) return unchanged(bytes, "it is no UTF-8");
    }
    return rewritten(sys, { ...words, xml: domain.text });
  } catch (error) {
    return unchanged(domain.text, error instanceof DomainXmlError ? error.message : `${error}`);
  }
}

function rewritten(sys: Syscalls, { xml, vmi: vmiText }: HookArguments & { readonly xml: string }): HookOutcome {
  const domain = findDomainNics(xml);
  if (domain.nics.length === 0 && domain.unclear.length === 0) return { stdout: xml, stderr: "", exitStatus: 0 };
  const vmi = parseVmiFacts(vmiText);
  const tapNames = domain.nics.map((nic) => tapNameOf(sys, { nic, vmi }));
  const taps = readTaps(sys, new Set(tapNames));
  const capped = capQueues(xml, { domain, tapNames, taps, annotationCap: vmi.annotationCap });
  return { stdout: capped.xml, stderr: report(capped, vmi), exitStatus: 0 };
}

/** Before KubeVirt has filled the tap in, its name follows from the network's. */
function tapNameOf(sys: Syscalls, { nic, vmi }: { readonly nic: DomainNic; readonly vmi: VmiFacts }): string {
  const { network, targetDevice = "" } = nic;
  if (targetDevice !== "" && !targetDevice.startsWith("placeholder-")) return targetDevice;
  if (vmi.primaryNetworks.has(network)) return "tap0";
  return companionTapName(podInterfaceName((text) => sys.sha256Hex(text), network)) ?? "";
}

/** One line, or none where everything is as it should be. */
function report({ notes }: CappedDomain, { faults }: VmiFacts): string {
  if (notes.length === 0 && faults.length === 0) return "";
  const lowered = notes.filter(({ to }) => to !== undefined).length;
  const left = notes.length - lowered;
  const parts = [
    ...(lowered > 0 ? [`queues lowered on ${count(lowered)}`] : []),
    ...(left > 0 ? [`queues left as they were on ${count(left)}`] : []),
    ...(faults.length > 0 ? ["the VMI is not understood in all"] : []),
  ];
  return formatLogLine(left > 0 || faults.length > 0 ? "warn" : "info", parts.join(", "), {
    ...(notes.length > 0 && { nics: notes.slice(0, mostNotes) }),
    ...(notes.length > mostNotes && { moreNics: notes.length - mostNotes }),
    ...(faults.length > 0 && { vmi: faults }),
  });
}

function count(nics: number): string {
  return nics === 1 ? "1 NIC" : `${nics} NICs`;
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
