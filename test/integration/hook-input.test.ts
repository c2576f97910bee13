// What the hook is given may be anything: it always prints a document and ends with 0, and never changes what it does not
// understand.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { domainXml } from "../fakes/kubevirt-domain.ts";
import type { Bed } from "./bed.ts";
import { answerOf, callHook, RunningHook } from "./hook.ts";
import { MemoryCgroup, reasonForNoCgroup } from "./memory-cgroup.ts";
import { succeed } from "./plugin.ts";
import { podPerTest } from "./pod-per-test.ts";

let bed: Bed | undefined;
let namespace = "";
const inBed = (): Bed => {
  assert.ok(bed);
  return bed;
};
podPerTest(async (pod) => {
  namespace = pod.namespace;
  if (bed === undefined) await pod.bed.must("ln", "-s", "mqtap", "/run/bin/onDefineDomain");
  bed = pod.bed;
  await succeed(bed, { command: "ADD", netns: pod.netns, ifName: "tap0", conf: { queues: 4 } });
});

/** MAX_ARG_STRLEN of linux/binfmts.h, without the ending NUL. */
const longest = 131_071;
const nics = [{ network: "default", target: "tap0", queues: 8 }];
const xml = domainXml(nics);
const lowered = (metadata: string) => domainXml([{ network: "default", target: "tap0", queues: 4 }], metadata);
const bombs = '<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">';

/** A document of the longest size, whose metadata repeats `piece`. */
function filled(piece: string): { readonly xml: string; readonly metadata: string } {
  const metadata = piece.repeat(Math.floor((longest - Buffer.byteLength(xml)) / Buffer.byteLength(piece)));
  return { xml: domainXml(nics, metadata), metadata };
}

describe("the hook prints what it was given, and why, for", () => {
  const untouched: Readonly<Record<string, string>> = {
    "an empty document": "",
    "a space": " ",
    "what is no XML": "<domain",
    "a log line before the document": `level=info\n${xml}`,
    "a truncated document": xml.slice(0, 1000),
    "a DOCTYPE": `<!DOCTYPE domain>${xml}`,
    "entities within entities": `<!DOCTYPE d [${bombs}]>${xml.replace("default_vm", "&c;&c;&c;")}`,
    "entities within entities in an attribute": `<!DOCTYPE d [${bombs}]>${xml.replace('"8"', '"&c;"')}`,
    "a file as entity": `<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>${xml.replace("default_vm", "&a;")}`,
    "elements 40,000 deep": "<a>".repeat(40_000),
    "40,000 deep and closed": `<domain>${"<a>".repeat(18_000)}${"</a>".repeat(18_000)}</domain>`,
    "131,071 bytes of nothing": "x".repeat(longest),
    "131,071 opening brackets": "<".repeat(longest),
    "131,071 ampersands": "&".repeat(longest),
    "one tag of 131,071 bytes": `<domain ${"a ".repeat(longest)}`.slice(0, longest),
    "131,069 bytes of wide characters": "中".repeat(43_689),
  };
  for (const [title, document] of Object.entries(untouched)) {
    test(title, async () => {
      const { xml, line } = await callHook(inBed(), { namespace, xml: document });
      assert.ok(xml === document, `it printed ${xml.length} other characters: ${xml.slice(0, 200)}`);
      assert.match(String(line?.["msg"]), /^the domain stays as it is: ./);
    });
  }
});

describe("the hook lowers queues within", () => {
  const long: Readonly<Record<string, string>> = {
    "131,071 bytes of text": "x",
    "131,071 bytes of wide characters": "💥中",
    "30,000 elements": "<a/>",
    "thousands of attributes": '<a b="c" d="e" f="g"></a>',
    "thousands of comments": "<!---->",
    "thousands of references": "&amp;",
  };
  for (const [title, piece] of Object.entries(long)) {
    test(title, async () => {
      const { xml, metadata } = filled(piece);
      const answer = await callHook(inBed(), { namespace, xml });
      assert.ok(answer.xml === lowered(metadata), JSON.stringify(answer.line).slice(0, 500));
    });
  }

  const skip = reasonForNoCgroup() ?? false;
  test("131,071 bytes of the most expensive kind, in the sidecar's 64 MB", { skip }, async (t) => {
    using cgroup = new MemoryCgroup("hook-input", 61);
    for (const piece of ["<a/>x💥", "<a/>", "<a b=''/>", '<a><b c="d"/></a>']) {
      const { xml, metadata } = filled(piece);
      const argv = ["/run/bin/onDefineDomain", "--vmi", `"${"x".repeat(longest - 2)}"`, "--domain", xml];
      const finished = await new RunningHook(inBed(), { namespace, argv, cgroup }).finished;
      assert.ok(answerOf(finished).xml === lowered(metadata), finished.stderr.slice(0, 500));
    }
    assert.equal(cgroup.oomKills(), 0);
    t.diagnostic(`at most ${cgroup.peakMiB()?.toFixed(1) ?? "an unknown number of"} MiB`);
  });

  test("256 NICs", async () => {
    const bed = inBed();
    const names = Array.from({ length: 256 }, (_, index) => `t${index}`);
    const commands = names.flatMap((name) => [
      `tuntap add mode tap name ${name} multi_queue`,
      `link set dev ${name} alias "mqtap/1 q=4 m=adopted"`,
    ]);
    const run = await bed.run(["ip", "netns", "exec", namespace, "sh", "-e"], {
      stdin: commands.map((command) => `ip ${command}\n`).join(""),
    });
    assert.equal(run.status, 0, run.stderr);
    const domain = (queues: number) => domainXml(names.map((name) => ({ network: name, target: name, queues })));
    const { xml, line } = await callHook(bed, { namespace, xml: domain(8) });
    assert.ok(xml === domain(4), JSON.stringify(line).slice(0, 500));
    assert.equal(line?.["moreNics"], 224);
  });
});

test("the hook goes by the tap's alias whatever the VMI is", async () => {
  for (const vmi of ["", "{", "null", "[".repeat(longest), `"${"x".repeat(longest - 2)}"`, "{}".repeat(60_000)]) {
    const { xml: printed, line } = await callHook(inBed(), { namespace, xml, vmi });
    assert.equal(printed, lowered(""), JSON.stringify(line));
    assert.match(JSON.stringify(line), /the VMI is /);
  }
});

test("the hook gives back bytes that are no UTF-8 as they are, and takes U+FFFD for what it is", async () => {
  const bed = inBed();
  const script = `document="$(printf '<domain><name>\\377\\357\\277\\275</name></domain>')"
    /run/bin/onDefineDomain --vmi '{}' --domain "$document" | od -An -tx1 -v | tr -d ' \\n'`;
  const { stdout, stderr } = await bed.run(["sh", "-c", script]);
  const wanted = [...Buffer.from("<domain><name>"), 0xff, 0xef, 0xbf, 0xbd, ...Buffer.from("</name></domain>")];
  assert.equal(stdout, Buffer.from(wanted).toString("hex"));
  assert.match(JSON.parse(stderr).msg, /it is no UTF-8/);

  const answer = await callHook(bed, { namespace, xml: domainXml(nics, "\ufffd") });
  assert.equal(answer.xml, lowered("\ufffd"));
});

test("the hook fails only where it was given no document, or nobody takes it", async () => {
  const bed = inBed();
  for (const words of [[], ["--vmi", "{}"], ["--vmi", "{}", "--domain"], ["--help"]]) {
    const { status, stdout, stderr } = await bed.run(["/run/bin/onDefineDomain", ...words]);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(JSON.parse(stderr).msg, /^cannot print a domain: .*: run it with --vmi JSON --domain XML$/);
  }
  const full = await bed.run(["sh", "-c", 'exec /run/bin/onDefineDomain --vmi {} --domain "<domain/>" > /dev/full']);
  assert.equal(full.status, 1);
  assert.match(JSON.parse(full.stderr).msg, /^cannot print the domain: .*ENOSPC/);
});

test("the hook does not care who reads its stderr", async () => {
  const argv = ["sh", "-c", 'exec /run/bin/onDefineDomain --vmi {} --domain "$0" 2>&-', xml];
  const finished = await new RunningHook(inBed(), { namespace, argv }).finished;
  assert.equal(answerOf(finished).xml, lowered(""));
});
