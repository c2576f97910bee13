import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertExpressible, findReportedInterface, formatHandedOn, formatTapResult, readPrevResult } from "./result.ts";

const tap = { name: "tap0", mac: "02:00:00:00:00:01", mtuBytes: 1500, sandbox: "/run/netns/a" };
const prevOf = (text: string) => {
  const stdin = `{"name":"n", "prevResult": ${text} }`;
  return readPrevResult(JSON.parse(stdin), stdin);
};

describe("formatTapResult()", () => {
  const golden: Record<string, string> = {
    "0.3.0":
      '{"cniVersion":"0.3.0","interfaces":[{"name":"tap0","mac":"02:00:00:00:00:01","sandbox":"/run/netns/a"}]}\n',
    "0.3.1":
      '{"cniVersion":"0.3.1","interfaces":[{"name":"tap0","mac":"02:00:00:00:00:01","sandbox":"/run/netns/a"}]}\n',
    "0.4.0":
      '{"cniVersion":"0.4.0","interfaces":[{"name":"tap0","mac":"02:00:00:00:00:01","sandbox":"/run/netns/a"}]}\n',
    "1.0.0":
      '{"cniVersion":"1.0.0","interfaces":[{"name":"tap0","mac":"02:00:00:00:00:01","sandbox":"/run/netns/a"}]}\n',
    "1.1.0":
      '{"cniVersion":"1.1.0","interfaces":[{"name":"tap0","mac":"02:00:00:00:00:01","mtu":1500,"sandbox":"/run/netns/a"}]}\n',
  };
  for (const [version, text] of Object.entries(golden)) {
    test(`writes ${version}`, () => {
      assert.equal(formatTapResult(version, { prev: undefined, tap, dns: undefined }), text);
    });
  }

  test("adds to what the plugins before made, and leaves their indexes right", () => {
    const prev = prevOf(
      '{"cniVersion":"1.0.0","interfaces":[{"name":"br0"},{"name":"eth0"}],"ips":[{"address":"10.0.0.2/24","interface":1}],"dns":{}}',
    );
    const result = JSON.parse(formatTapResult("1.0.0", { prev, tap, dns: { nameservers: ["10.0.0.1"] } }));
    assert.deepEqual(
      result.interfaces.map(({ name }: { name: string }) => name),
      ["br0", "eth0", "tap0"],
    );
    assert.deepEqual(result.ips, [{ address: "10.0.0.2/24", interface: 1 }]);
    assert.deepEqual(result.dns, { nameservers: ["10.0.0.1"] });
  });

  test("writes 0.2.0 as the plugins before made it, since it has no interfaces", () => {
    const prev = prevOf('{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24"}}');
    assert.equal(
      formatTapResult("0.2.0", { prev, tap, dns: undefined }),
      '{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24"}}\n',
    );
  });

  test("refuses interfaces that are no array", () => {
    const prev = prevOf('{"interfaces":5}');
    assert.throws(() => formatTapResult("1.0.0", { prev, tap, dns: undefined }), {
      code: 7,
      message: /"interfaces" is 5/,
    });
  });
});

describe("formatHandedOn()", () => {
  test("hands on what JavaScript cannot hold, and members it does not know", () => {
    const text = '{"cniVersion":"1.1.0","x":12345678901234567890,"y":1.0,"__proto__":{"z":1},"ips":[]}';
    assert.equal(formatHandedOn("1.1.0", prevOf(text)), `${text}\n`);
  });

  test("writes an empty result where nothing came before", () => {
    assert.equal(formatHandedOn("1.0.0", undefined), '{"cniVersion":"1.0.0"}\n');
  });

  test("adds the version that is missing", () => {
    assert.equal(formatHandedOn("1.0.0", prevOf('{"ips":[]}')), '{"cniVersion":"1.0.0","ips":[]}\n');
  });

  test("gives addresses their version in 0.4.0 and takes it away in 1.0.0", () => {
    const ips = [{ address: "10.0.0.2/24" }, { address: "fd00::2/64" }];
    const versioned = [
      { version: "4", ...ips[0] },
      { version: "6", ...ips[1] },
    ];
    const routes = [{ dst: "0.0.0.0/0", gw: "10.0.0.1", mtu: 1400 }, { dst: "::/0" }];
    const newer = prevOf(JSON.stringify({ cniVersion: "1.1.0", ips, routes }));
    assert.deepEqual(JSON.parse(formatHandedOn("0.4.0", newer)), {
      cniVersion: "0.4.0",
      ips: versioned,
      routes: [{ dst: "0.0.0.0/0", gw: "10.0.0.1" }, { dst: "::/0" }],
    });
    const older = prevOf(JSON.stringify({ cniVersion: "0.4.0", ips: versioned }));
    assert.deepEqual(JSON.parse(formatHandedOn("1.0.0", older)), { cniVersion: "1.0.0", ips });
  });

  test("refuses what cannot be expressed in the version asked for", () => {
    const prev = prevOf('{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24"}}');
    assert.throws(() => formatHandedOn("1.0.0", prev), {
      code: 7,
      message: /cniVersion 0.2.0 and cannot be expressed in 1.0.0/,
    });
  });
});

describe("readPrevResult()", () => {
  test("takes absent and null as none", () => {
    assert.equal(readPrevResult({}, "{}"), undefined);
    assert.equal(prevOf("null"), undefined);
  });

  for (const text of ["[]", '"x"', "5", "true"]) {
    test(`refuses ${text}`, () => assert.throws(() => prevOf(text), { code: 7, message: /invalid "prevResult"/ }));
  }
});

describe("assertExpressible()", () => {
  test("refuses an interface without an address in 0.1.0 and 0.2.0", () => {
    for (const version of ["0.1.0", "0.2.0"]) {
      assert.throws(() => assertExpressible(version, undefined), { code: 107, message: /use 0.3.0 or later/ });
      assert.throws(() => assertExpressible(version, prevOf("{}")), { code: 107 });
      assertExpressible(version, prevOf('{"ip6":{"ip":"fd00::2/64"}}'));
    }
    for (const version of ["0.3.0", "0.4.0", "1.1.0"]) assertExpressible(version, undefined);
  });
});

describe("findReportedInterface()", () => {
  test("finds the last of a name, and only well-typed members", () => {
    const prev = prevOf(
      '{"interfaces":[{"name":"tap0","mtu":9000},5,{"name":"tap0","mac":"02:00:00:00:00:0A","mtu":"x","sandbox":"/a"}]}',
    );
    assert.ok(prev);
    assert.deepEqual(findReportedInterface(prev, "tap0"), {
      name: "tap0",
      mac: "02:00:00:00:00:0a",
      mtuBytes: undefined,
      sandbox: "/a",
    });
    assert.equal(findReportedInterface(prev, "tap1"), undefined);
  });
});
