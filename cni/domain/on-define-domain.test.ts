import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeSyscalls } from "../../test/fakes/fake-syscalls.ts";
import { domainXml, type NicOfDomain } from "../../test/fakes/kubevirt-domain.ts";
import { onDefineDomain } from "./on-define-domain.ts";

const multi = "0x1902\n";
const single = "0x2802\n";

function podWith(taps: Readonly<Record<string, { alias?: string; flags: string }>>): FakeSyscalls {
  const sys = new FakeSyscalls();
  for (const [name, { alias = "", flags }] of Object.entries(taps)) {
    sys.files.set(`/sys/class/net/${name}/ifalias`, alias === "" ? "" : `${alias}\n`);
    sys.files.set(`/sys/class/net/${name}/tun_flags`, flags);
  }
  return sys;
}

const ours = (queues: number) => `mqtap/1 q=${queues} m=companion n=${"0".repeat(16)} a=${"1".repeat(32)}`;
const vmi = {
  spec: {
    networks: [
      { name: "default", pod: {} },
      { name: "blue", multus: { networkName: "x" } },
    ],
  },
};
const nic = (network: string, target?: string): NicOfDomain => ({
  network,
  queues: 8,
  ...(target === undefined ? {} : { target }),
});

function run(sys: FakeSyscalls, xml: string, vmiText = JSON.stringify(vmi)) {
  const outcome = onDefineDomain(sys, ["onDefineDomain", "--vmi", vmiText, "--domain", xml]);
  assert.equal(outcome.exitStatus, 0);
  assert.ok(outcome.stderr === "" || outcome.stderr.indexOf("\n") === outcome.stderr.length - 1);
  const line = outcome.stderr === "" ? undefined : JSON.parse(outcome.stderr);
  return { xml: outcome.stdout, line };
}

test("onDefineDomain() lowers each NIC to its tap's alias, touches nothing else, and tells what it did", () => {
  const sys = podWith({ tap0: { alias: ours(4), flags: multi }, tap16477688c0e: { alias: ours(2), flags: multi } });
  const nics = [nic("default", "tap0"), nic("blue", "tap16477688c0e")];
  const metadata = "<!-- queues='8' --><x></x><y a='&lt;'/> 💥ü";
  const { xml, line } = run(sys, domainXml(nics, metadata));
  const wanted = nics.map((one, index) => ({ ...one, queues: [4, 2][index] ?? 0 }));
  assert.equal(xml, domainXml(wanted, metadata));
  assert.deepEqual(line, {
    level: "info",
    msg: "queues lowered on 2 NICs",
    nics: [
      { network: "default", tap: "tap0", queues: 8, to: 4, by: "alias" },
      { network: "blue", tap: "tap16477688c0e", queues: 8, to: 2, by: "alias" },
    ],
  });
  assert.equal(sys.nowMs, 0);
});

test("onDefineDomain() changes nothing when it is called again on its own output, and says nothing", () => {
  const sys = podWith({ tap0: { alias: ours(4), flags: multi } });
  const once = run(sys, domainXml([nic("default", "tap0")])).xml;
  assert.ok(typeof once === "string");
  assert.deepEqual(run(sys, once), { xml: once, line: undefined });
});

test("onDefineDomain() finds the tap by the network's name while KubeVirt has not filled it in", () => {
  const sys = podWith({ tap0: { alias: ours(4), flags: multi }, tap16477688c0e: { alias: ours(2), flags: multi } });
  for (const target of [undefined, "", "placeholder-0"]) {
    const { line } = run(sys, domainXml([nic("default", target), nic("blue", target)]));
    assert.deepEqual(
      line.nics.map(({ tap, to }: { tap: string; to: number }) => [tap, to]),
      [
        ["tap0", 4],
        ["tap16477688c0e", 2],
      ],
    );
  }
});

test("onDefineDomain() neither waits nor speaks where no NIC of KubeVirt's has several queues", () => {
  const sys = podWith({});
  for (const nics of [
    [],
    [{ network: "default", queues: 1, target: "tap0" }],
    [{ queues: 8, target: "placeholder-0" }],
    [{ network: "default", queues: 8, target: "tap0", model: "e1000" }],
  ]) {
    const xml = domainXml(nics);
    assert.deepEqual(run(sys, xml), { xml, line: undefined });
  }
  assert.equal(sys.nowMs, 0);
});

test("onDefineDomain() takes the annotation where no alias came in 2 seconds", () => {
  const sys = podWith({ tap0: { flags: multi } });
  const annotated = JSON.stringify({ ...vmi, metadata: { annotations: { "mqtap.io/max-queues": "3" } } });
  const { xml, line } = run(sys, domainXml([nic("default", "tap0")]), annotated);
  assert.equal(xml, domainXml([{ ...nic("default", "tap0"), queues: 3 }]));
  assert.deepEqual([line.level, line.nics[0].by, sys.nowMs], ["info", "annotation", 2000]);
});

test("onDefineDomain() follows the alias although the VMI cannot be read, and says so", () => {
  const sys = podWith({ tap0: { alias: ours(4), flags: multi } });
  const { xml, line } = run(sys, domainXml([nic("default", "tap0")]), "{");
  assert.equal(xml, domainXml([{ ...nic("default", "tap0"), queues: 4 }]));
  assert.equal(line.level, "warn");
  assert.match(line.vmi[0], /the VMI is no JSON/);
});

test("onDefineDomain() writes 1 only for a tap of one queue", () => {
  const xml = domainXml([nic("default", "tap0")]);
  const fitting = run(podWith({ tap0: { alias: ours(1), flags: single } }), xml);
  assert.equal(fitting.xml, domainXml([{ ...nic("default", "tap0"), queues: 1 }]));
  const refused = run(podWith({ tap0: { alias: ours(1), flags: multi } }), xml);
  assert.equal(refused.xml, xml);
  assert.deepEqual([refused.line.level, refused.line.nics[0].to], ["warn", undefined]);
});

test("onDefineDomain() lowers the NICs that are clear beside one that is not", () => {
  const sys = podWith({ tap0: { alias: ours(4), flags: multi } });
  const odd = { ...nic("blue", "tap1"), queues: "many" };
  const { xml, line } = run(sys, domainXml([nic("default", "tap0"), odd]));
  assert.equal(xml, domainXml([{ ...nic("default", "tap0"), queues: 4 }, odd]));
  assert.deepEqual([line.level, line.nics.length], ["warn", 2]);
});

test("onDefineDomain() tells of at most 32 NICs, and how many more there are", () => {
  const names = Array.from({ length: 40 }, (_, index) => `tap${index}`);
  const sys = podWith(Object.fromEntries(names.map((name) => [name, { alias: ours(4), flags: multi }])));
  const { line } = run(sys, domainXml(names.map((name) => nic(name, name))));
  assert.deepEqual([line.nics.length, line.moreNics], [32, 8]);
});

test("onDefineDomain() does not fill the log with names that are too long", () => {
  const xml = domainXml([
    nic("n".repeat(9000), "t".repeat(9000)),
    { ...nic("m".repeat(9000), "tap0"), type: "bridge" },
  ]);
  const { line } = run(podWith({}), xml);
  assert.equal(line.nics.length, 2);
  assert.ok(JSON.stringify(line).length < 800, JSON.stringify(line));
});

describe("onDefineDomain() prints the document that it was given, and why, for", () => {
  const xml = domainXml([nic("default", "tap0")]);
  const sys = podWith({ tap0: { alias: ours(4), flags: multi } });
  const doubtful: Readonly<Record<string, readonly string[]>> = {
    "an unknown option": ["--domain", xml, "--version", "v1"],
    "two domains": ["--domain", xml, "--domain", xml],
    "an empty document": ["--vmi", "{}", "--domain", ""],
    "what is no XML": ["--vmi", "{}", "--domain", "starting"],
    "a DOCTYPE": ["--vmi", "{}", "--domain", `<!DOCTYPE domain>${xml}`],
    "deeper elements than the engine can follow": ["--vmi", "{}", "--domain", "<a>".repeat(43_690)],
    "what may be no UTF-8, where its bytes cannot be read": ["--vmi", "{}", "--domain", `${xml}\ufffd`],
  };
  for (const [title, words] of Object.entries(doubtful)) {
    test(title, () => {
      const { stdout, stderr, exitStatus } = onDefineDomain(sys, ["onDefineDomain", ...words]);
      assert.equal(stdout, words[words.indexOf("--domain") + 1]);
      assert.equal(exitStatus, 0);
      assert.match(JSON.parse(stderr).msg, /^the domain stays as it is: ./);
    });
  }
});

test("onDefineDomain() takes U+FFFD for what it is where the document's bytes say so", () => {
  const sys = podWith({ tap0: { alias: ours(4), flags: multi } });
  const xml = domainXml([nic("default", "tap0")], "\ufffd");
  sys.files.set("/proc/self/cmdline", `onDefineDomain\0--vmi\0{}\0--domain\0${xml}\0`);
  assert.equal(run(sys, xml, "{}").xml, domainXml([{ ...nic("default", "tap0"), queues: 4 }], "\ufffd"));
});

test("onDefineDomain() fails only where there is no document to print", () => {
  const { stdout, stderr, exitStatus } = onDefineDomain(new FakeSyscalls(), ["onDefineDomain", "--vmi", "{}"]);
  assert.deepEqual([stdout, exitStatus], ["", 1]);
  assert.match(JSON.parse(stderr).msg, /cannot print a domain: --domain is missing: run it with/);
});
