import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { companionInterfaceName, companionTapName, ifNameFault, interfaceNameFault, podInterfaceName } from "./name.ts";

const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");

describe("interface names", () => {
  for (const name of ["eth0", "a", "net1.100", "0123456789abcde", "ööööööö", "tap0"]) {
    test(`interfaceNameFault() has nothing against "${name}"`, () => {
      assert.equal(interfaceNameFault(name), undefined);
    });
  }

  const faults: Record<string, { name: string; fault: RegExp }> = {
    "an empty name": { name: "", fault: /empty/ },
    "16 bytes": { name: "0123456789abcdef", fault: /15 bytes/ },
    "8 characters of 16 bytes": { name: "öööööööö", fault: /15 bytes/ },
    "4 characters of 16 bytes": { name: "😀😀😀😀", fault: /15 bytes/ },
    "the current directory": { name: ".", fault: /directory/ },
    "the parent directory": { name: "..", fault: /directory/ },
    "a slash": { name: "a/b", fault: /"\/"/ },
    "a colon": { name: "eth0:1", fault: /":"/ },
    "a kernel template": { name: "a%d", fault: /%/ },
    "a space": { name: "a b", fault: /whitespace/ },
    "a newline": { name: "ab\n", fault: /whitespace/ },
    "a no-break space": { name: "a\u00a0b", fault: /whitespace/ },
    "an ideographic space": { name: "a\u3000b", fault: /whitespace/ },
    "a next-line character": { name: "a\u0085b", fault: /whitespace/ },
    "a NUL": { name: "a\0b", fault: /control/ },
    "an option": { name: "-eth0", fault: /begins with "-"/ },
  };
  for (const [what, { name, fault }] of Object.entries(faults)) {
    test(`interfaceNameFault() refuses ${what}`, () => {
      assert.match(interfaceNameFault(name) ?? "", fault);
    });
  }

  for (const name of ["a%d", "-eth0", "a\u0001"]) {
    test(`ifNameFault() leaves ${JSON.stringify(name)} to the plugin that makes it`, () => {
      assert.equal(ifNameFault(name), undefined);
      assert.notEqual(interfaceNameFault(name), undefined);
    });
  }

  test("podInterfaceName() is KubeVirt's hashed name", () => {
    assert.equal(podInterfaceName(sha256Hex, "blue"), "pod16477688c0e");
  });

  const companions = { eth0: "tap0", pod16477688c0e: "tap16477688c0e", net1: "tap1", net12: "tap12" };
  for (const [ifName, tapName] of Object.entries(companions)) {
    test(`${tapName} is the companion of ${ifName}, and the other way round`, () => {
      assert.equal(companionTapName(ifName), tapName);
      assert.equal(companionInterfaceName(tapName), ifName);
    });
  }

  for (const ifName of [
    "eth1",
    "lo",
    "net0",
    "net01",
    "pod16477688c0",
    "pod16477688c0eg",
    "POD16477688c0e",
    "net1\n",
  ]) {
    test(`companionTapName() knows no companion of ${JSON.stringify(ifName)}`, () => {
      assert.equal(companionTapName(ifName), undefined);
    });
  }

  test("every network's pod interface and tap are good names and belong to each other", () => {
    fc.assert(
      fc.property(fc.string(), (network) => {
        const ifName = podInterfaceName(sha256Hex, network);
        const tapName = companionTapName(ifName) ?? "";
        assert.equal(interfaceNameFault(ifName), undefined);
        assert.equal(interfaceNameFault(tapName), undefined);
        assert.equal(companionInterfaceName(tapName), ifName);
      }),
    );
  });
});
