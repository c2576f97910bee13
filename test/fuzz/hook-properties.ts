// What must hold for the OnDefineDomain hook, whatever domain, VMI and pod it meets.

import assert from "node:assert/strict";
import { parseXml, type XmlDocument, XmlElement } from "@rgrove/parse-xml";
import fc from "fast-check";
import { DomainXmlError, nicsOf } from "../../cni/domain/domain-nics.ts";
import { type FoldedDocument, foldElements, unfolded } from "../../cni/domain/fold-elements.ts";
import { onDefineDomain } from "../../cni/domain/on-define-domain.ts";
import { parseAlias } from "../../cni/tap/alias.ts";
import { FakeSyscalls } from "../fakes/fake-syscalls.ts";
import { texts } from "./arbitraries.ts";
import { damagedDomains, domains, type PodTap, pieceDomains, podTaps } from "./domain-arbitraries.ts";

type PodTaps = ReadonlyMap<string, PodTap>;

const vmis = fc.oneof(
  fc.constantFrom(undefined, "2", "3", "1", "300", "many").map((cap) =>
    JSON.stringify({
      metadata: { annotations: cap === undefined ? {} : { "mqtap.io/max-queues": cap } },
      spec: { networks: [{ name: "default", pod: {} }] },
    }),
  ),
  texts,
);

/** The hook on a pod in memory: always a document, at most one line, at most two seconds, nothing left open. */
function hook(xml: string, vmi: string, taps: PodTaps): string {
  const sys = new FakeSyscalls();
  for (const [name, { alias, flags }] of taps) {
    if (alias !== undefined) sys.files.set(`/sys/class/net/${name}/ifalias`, `${alias}\n`);
    if (flags !== undefined) sys.files.set(`/sys/class/net/${name}/tun_flags`, `${flags}\n`);
  }
  sys.files.set("/proc/self/cmdline", `hook\0--vmi\0${vmi.replaceAll("\0", "")}\0--domain\0${xml}\0`);
  const { stdout, stderr, exitStatus } = onDefineDomain(sys, ["hook", "--vmi", vmi, "--domain", xml]);
  assert.equal(exitStatus, 0);
  assert.ok(sys.nowMs <= 2000 && sys.openCount === 0);
  if (stderr !== "") assert.equal(typeof JSON.parse(stderr).msg, "string");
  assert.ok(stderr === "" || stderr.indexOf("\n") === stderr.length - 1);
  return typeof stdout === "string" ? stdout : new TextDecoder("utf-8", { ignoreBOM: true }).decode(stdout);
}

function parse(xml: string): XmlDocument {
  return parseXml(xml, { preserveCdata: true, preserveComments: true });
}

const named = (element: XmlElement, name: string): readonly XmlElement[] =>
  element.children.filter((node) => node instanceof XmlElement).filter((node) => node.name === name);

/** Equal but for the queues of NICs that may be lowered, and those rightly lowered. */
function assertOnlyLowered(before: string, after: string, taps: PodTaps): void {
  const withoutDigits = (text: string) => text.replaceAll(/&#56;|\d/g, "");
  assert.equal(withoutDigits(after), withoutDigits(before));
  const [was, is] = [parse(before), parse(after)];
  const nicsOf = ({ root }: XmlDocument) =>
    root === null ? [] : named(root, "devices").flatMap((devices) => named(devices, "interface"));
  const now = nicsOf(is);
  for (const [index, nic] of nicsOf(was).entries()) {
    const [driver, lowered] = [named(nic, "driver")[0], named(now[index] ?? nic, "driver")[0]];
    const [from, to] = [driver?.attributes["queues"], lowered?.attributes["queues"]];
    assertRight(nic, { from, to, taps });
    // Undone, so that the rest can be compared as a whole.
    if (lowered !== undefined && from !== undefined) lowered.attributes["queues"] = from;
  }
  assert.deepEqual(is.toJSON(), was.toJSON());
}

function assertRight(
  nic: XmlElement,
  { from, to, taps }: { readonly from: string | undefined; readonly to: string | undefined; readonly taps: PodTaps },
): void {
  const attribute = (name: string, key: string) => named(nic, name)[0]?.attributes[key] ?? "";
  const tap = taps.get(attribute("target", "dev"));
  const flags = /^0x[0-9a-f]+$/.test(tap?.flags ?? "") ? Number(tap?.flags) : undefined;
  const isEligible =
    nic.attributes["type"] === "ethernet" &&
    attribute("alias", "name").startsWith("ua-") &&
    attribute("model", "type").startsWith("virtio") &&
    /^[1-9]\d{0,4}$/.test(from ?? "") &&
    named(nic, "driver").length === 1;
  const told = parseAlias(tap?.alias)?.queues;
  if (isEligible && flags === 0x1902 && told !== undefined && told >= 2 && told < Number(from)) {
    assert.equal(to, `${told}`, "an alias is followed");
  }
  if (from === to) return;
  assert.ok(isEligible, "this NIC is none of the hook's");
  assert.ok(Number(to) >= 1 && Number(to) < Number(from), `${from} became ${to}`);
  if (flags !== undefined) assert.equal(Number(to) > 1, (flags & 0x100) !== 0, "the tap would refuse it");
}

/** What the hook sees of a document; undefined for none that it may change. */
function seen(document: FoldedDocument) {
  try {
    return nicsOf(document);
  } catch (error) {
    if (error instanceof DomainXmlError) return undefined;
    throw error;
  }
}

export const hookProperties: Readonly<Record<string, fc.IProperty<unknown[]>>> = {
  "hook, sound domains": fc.property(domains, vmis, podTaps, (xml, vmi, taps) => {
    const once = hook(xml, vmi, taps);
    assertOnlyLowered(xml, once, taps);
    assert.equal(hook(once, vmi, taps), once);
  }),
  "hook, damaged domains": fc.property(damagedDomains, vmis, podTaps, (xml, vmi, taps) => {
    const sound = xml.toWellFormed().replaceAll("\0", "");
    const once = hook(sound, vmi, taps);
    if (once !== sound) assertOnlyLowered(sound, once, taps);
  }),
  "hook, folded documents": fc.property(
    fc.oneof({ weight: 4, arbitrary: pieceDomains }, { weight: 1, arbitrary: damagedDomains }),
    (xml) => {
      assert.deepEqual(seen(foldElements(xml)), seen(unfolded(xml)));
    },
  ),
};
