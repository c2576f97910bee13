import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { domainXml } from "../../test/fakes/kubevirt-domain.ts";
import { foldElements } from "./fold-elements.ts";

describe("foldElements() folds", () => {
  const cases: Readonly<Record<string, readonly [xml: string, text: string]>> = {
    "an element without content": ["<d><x></x></d>", "<d><a/></d>"],
    "one with attributes": [`<d><x a="1" b_c="b,:/+ 'd'=-->"></x></d>`.replace("-->", "--"), "<d><a/></d>"],
    "a row of them, with the space between": [
      "<d> <x></x>\n\t<y a=''></y><x></x>\r\n</d>",
      "<d> <a/>\n\t<y a=''></y><a/>\r\n</d>",
    ],
    "rows in one": ["<d> <x></x>\n\t<y></y> <x></x> </d>", "<d> <a/> </d>"],
    "rows apart": ["<d><x></x><e><x></x></e><x></x></d>", "<d><a/><e><a/></e><a/></d>"],
    "what stands where no element may, so that it is as wrong": ['<d e="<x></x>"/>', '<d e="<a/>"/>'],
  };
  for (const [title, [xml, text]] of Object.entries(cases)) {
    test(title, () => assert.equal(foldElements(xml).text, text));
  }
});

describe("foldElements() leaves", () => {
  const whole: Readonly<Record<string, string>> = {
    "what the hook reads": '<driver queues="8"></driver><alias name="ua-x"></alias><model></model><target></target>',
    "the elements around that": "<devices></devices><interface></interface><domain></domain>",
    "an element with content": "<x>1</x><x> </x><x><y/></x>",
    "an element with one tag": "<x/>",
    "an attribute that is there twice": '<x a="1" b="2" a="3"></x>',
    "more than six attributes": '<x a="" b="" c="" d="" e="" f="" g=""></x>',
    "a reference": '<x a="&lt;"></x>',
    "another character": '<x a="ü"></x><ü></ü><x a="\t"></x>',
    "a prefix": '<q:x></q:x><x q:a=""></x>',
    "names that differ": "<x></y><xy></x><x></xy>",
    "odd spaces": '<x ></x><x></x ><x a ="1"></x><x  a="1"></x>',
    "a document with a comment": "<d><!-- --><x></x></d>",
    "a document with CDATA": "<d><![CDATA[ ]]><x></x></d>",
    "a document with a DOCTYPE": "<!DOCTYPE d><d><x></x></d>",
    "a document with an instruction": "<?xml version='1.0'?><d><x></x></d>",
  };
  for (const [title, xml] of Object.entries(whole)) {
    test(title, () => assert.equal(foldElements(xml).text, xml));
  }
});

test("foldElements() keeps a name that only begins like one that the hook reads", () => {
  assert.equal(foldElements("<models></models>").text, "<a/>");
});

test("offsetOf() leads back to where it stood", () => {
  const xml = domainXml(
    [
      { network: "a", queues: 8 },
      { network: "b", queues: 8 },
    ],
    '<vcpu id="0"></vcpu>💥 <vcpu id="1"></vcpu>\n<vcpu id="2"></vcpu>',
  );
  const { text, offsetOf } = foldElements(xml);
  assert.ok(text.length < xml.length);
  for (const what of ["💥", '"ua-a"', '"ua-b"', "</domain>"]) {
    assert.equal(offsetOf(text.indexOf(what)), xml.indexOf(what), what);
  }
});

test("foldElements() takes a time that grows with the length alone", () => {
  const pieces = ["<", "<x ", '<x a="" ', ' a=""', "<x></", "<x></x", "<xx", " ", '<x a="', "<x></x>", "<x></y>"];
  for (const piece of pieces) {
    const [short, long] = [1e5, 2e6].map((length) => {
      const xml = `<x${piece.repeat(length / piece.length)}`;
      const startedAt = process.cpuUsage();
      foldElements(xml);
      return process.cpuUsage(startedAt).user;
    });
    // twenty times the length; a square would be 400 times the time
    assert.ok((long ?? 0) <= 100 * Math.max(short ?? 0, 5000), `${piece}: ${short} us, ${long} us`);
  }
});
