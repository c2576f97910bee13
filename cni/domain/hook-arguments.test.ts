import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHookArguments } from "./hook-arguments.ts";

test("parseHookArguments() finds both values, by either name of the program and in either order", () => {
  const wanted = { vmi: "{}", fault: undefined };
  for (const [argv, index] of [
    [["/usr/bin/onDefineDomain", "--vmi", "{}", "--domain", "<a/>"], 4],
    [["/opt/mqtap", "on-define-domain", "--vmi", "{}", "--domain", "<a/>"], 5],
    [["onDefineDomain", "--domain", "<a/>", "--vmi", "{}"], 2],
  ] as const) {
    assert.deepEqual(parseHookArguments(argv), { ...wanted, domain: { text: "<a/>", index } });
    assert.equal(argv[index], "<a/>");
  }
});

const faulty: Readonly<Record<string, { words: readonly string[]; domain?: string; fault?: RegExp }>> = {
  nothing: { words: [] },
  "no domain": { words: ["--vmi", "{}"] },
  "a domain without its value": { words: ["--vmi", "{}", "--domain"], fault: /--domain has no value/ },
  "no VMI, which is no fault": { words: ["--domain", "<a/>"], domain: "<a/>" },
  "an empty domain": { words: ["--vmi", "{}", "--domain", ""], domain: "" },
  "an unknown option": { words: ["--domain", "<a/>", "--x", "y"], domain: "<a/>", fault: /"--x" is no option/ },
  "a word too many": { words: ["--domain", "<a/>", "more"], domain: "<a/>", fault: /"more" is no option/ },
  "two domains": { words: ["--domain", "<a/>", "--domain", "<b/>"], domain: "<a/>", fault: /given twice/ },
  "two VMIs": { words: ["--vmi", "1", "--vmi", "2", "--domain", "<a/>"], domain: "<a/>", fault: /given twice/ },
};

for (const [title, { words, domain, fault }] of Object.entries(faulty)) {
  test(`parseHookArguments() keeps what there is of ${title}`, () => {
    const found = parseHookArguments(["onDefineDomain", ...words]);
    assert.equal(found.domain?.text, domain);
    if (fault === undefined) assert.equal(found.fault, undefined);
    else assert.match(found.fault ?? "", fault);
  });
}
