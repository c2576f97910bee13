import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { domainXml, type NicOfDomain } from "../../test/fakes/kubevirt-domain.ts";
import { DomainXmlError, findDomainNics } from "./domain-nics.ts";

const blue: NicOfDomain = { network: "blue", queues: 8, target: "tap16477688c0e" };

test("findDomainNics() finds network, tap, queues and their place in a document as KubeVirt writes it", () => {
  for (const metadata of ["", "<a>ä中</a>", "<a>💥💥</a>", "<!-- <interface> 💥 -->"]) {
    const xml = domainXml(
      [blue, { network: "default", queues: 4, target: "tap0", model: "virtio-transitional" }],
      metadata,
    );
    const { nics, unclear } = findDomainNics(xml);
    assert.deepEqual(unclear, []);
    assert.deepEqual(
      nics.map(({ network, targetDevice, queues }) => [network, targetDevice, queues]),
      [
        ["blue", "tap16477688c0e", 8],
        ["default", "tap0", 4],
      ],
    );
    assert.deepEqual(
      nics.map(({ span }) => xml.slice(span.start - 1, span.end + 1)),
      ['"8"', '"4"'],
    );
  }
});

describe("findDomainNics() has nothing to do for", () => {
  const nothing: Readonly<Record<string, NicOfDomain>> = {
    "another model": { ...blue, model: "e1000" },
    "one queue": { ...blue, queues: 1 },
    "no queues": { network: "blue", target: "tap0" },
    "a placeholder, which has no alias": { queues: 8, target: "placeholder-0" },
  };
  for (const [title, nic] of Object.entries(nothing)) {
    test(title, () => assert.deepEqual(findDomainNics(domainXml([nic])), { nics: [], unclear: [] }));
  }
});

describe("findDomainNics() changes nothing on, and tells of,", () => {
  const xml = domainXml([blue]);
  const unclear: Readonly<Record<string, { xml: string; why: RegExp }>> = {
    "a NIC without a tap": { xml: domainXml([{ ...blue, type: "vhostuser" }]), why: /type "vhostuser" has no tap/ },
    "queues that are no number": { xml: domainXml([{ ...blue, queues: "many" }]), why: /"many"/ },
    "queues of 0": { xml: domainXml([{ ...blue, queues: 0 }]), why: /"0"/ },
    "queues with a sign": { xml: domainXml([{ ...blue, queues: "+8" }]), why: /"\+8"/ },
    "two drivers": { xml: xml.replace("<rom", '<driver queues="2"/><rom'), why: /more than one <driver>/ },
    "two models": { xml: xml.replace("<rom", '<model type="e1000"/><rom'), why: /more than one <model>/ },
    "two targets": { xml: xml.replace("<rom", '<target dev="tap9"/><rom'), why: /more than one <target>/ },
    "two aliases": { xml: xml.replace("<rom", '<alias name="net9"/><rom'), why: /more than one <alias>/ },
  };
  for (const [title, { xml, why }] of Object.entries(unclear)) {
    test(title, () => {
      const found = findDomainNics(xml);
      assert.deepEqual(found.nics, []);
      assert.equal(found.unclear[0]?.network, "blue");
      assert.match(found.unclear[0]?.why ?? "", why);
    });
  }
});

test("findDomainNics() reads elements by their names alone: a prefix, a comment and CDATA hide a NIC, character references do not", () => {
  const count = (xml: string) => findDomainNics(xml).nics.length;
  const xml = domainXml([blue]);
  assert.equal(count(xml.replaceAll(/(<\/?)interface/g, "$1qemu:interface")), 0);
  assert.equal(count(xml.replace("<interface", "<!--<interface").replace("</interface>", "</interface>-->")), 0);
  assert.equal(count(xml.replace("<interface", "<![CDATA[<interface").replace("</interface>", "</interface>]]>")), 0);
  assert.equal(count(xml.replace('"ua-blue"', '"ua-b&#x6c;ue"').replace('queues="8"', "queues = '&#56;'")), 1);
  assert.equal(count(xml.replace(/<(driver name="vhost"[^>]*)><\/driver>/, "<$1/>")), 1);
});

describe("findDomainNics() refuses", () => {
  const xml = domainXml([blue]);
  const entities = '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">';
  const refused: Readonly<Record<string, { xml: string; why: RegExp }>> = {
    nothing: { xml: "", why: /no XML/ },
    "a log line": { xml: "starting\n", why: /no XML/ },
    "a line before the document": { xml: `starting\n${xml}`, why: /no XML/ },
    "a truncated document": { xml: xml.slice(0, 900), why: /no XML/ },
    "a document without its last character": { xml: xml.slice(0, -1), why: /no XML/ },
    "two documents": { xml: xml + xml, why: /no XML/ },
    "another root": { xml: "<domains/>", why: /no <domain> but <domains>/ },
    "a DOCTYPE": { xml: `<!DOCTYPE domain>${xml}`, why: /DOCTYPE/ },
    entities: { xml: `<!DOCTYPE d [${entities}]>${xml}`, why: /DOCTYPE/ },
    "an entity that is used": {
      xml: `<!DOCTYPE d [${entities}]>${xml.replace("default_vm", "&b;")}`,
      why: /entity isn't defined/,
    },
    "a file as entity": {
      xml: `<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>${xml.replace("default_vm", "&a;")}`,
      why: /entity isn't defined/,
    },
    "an attribute twice": { xml: xml.replace('queues="8"', 'queues="8" queues="2"'), why: /Duplicate attribute/ },
    "a control character": { xml: xml.replace("default_vm", "\u0001"), why: /Invalid character/ },
  };
  for (const [title, { xml, why }] of Object.entries(refused)) {
    test(title, () =>
      assert.throws(
        () => findDomainNics(xml),
        (error) => error instanceof DomainXmlError && why.test(error.message) && !error.message.includes("\n"),
      ),
    );
  }
});
