import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { companion, FakeNode, launcher, prevResult, tap0 } from "../../test/fakes/fake-node.ts";

describe("CHECK", () => {
  const without: Record<string, { conf: Record<string, unknown>; hasInterface: boolean; isPassed: boolean }> = {
    main: { conf: { mode: "main", sizing: "vm" }, hasInterface: true, isPassed: false },
    static: { conf: {}, hasInterface: true, isPassed: false },
    "vm without the interface": { conf: { sizing: "vm" }, hasInterface: false, isPassed: false },
    "vm with the interface of an earlier plugin": { conf: { sizing: "vm" }, hasInterface: true, isPassed: true },
    companion: { conf: { sizing: "vm", mode: "companion" }, hasInterface: false, isPassed: true },
    binding: {
      conf: { sizing: "vm", args: { cni: { logicNetworkName: "blue" } } },
      hasInterface: false,
      isPassed: true,
    },
  };
  for (const [what, { conf, hasInterface, isPassed }] of Object.entries(without)) {
    test(`without a tap of ours, ${what} ${isPassed ? "was passed through" : "is missing it"}`, () => {
      const node = new FakeNode();
      if (hasInterface) node.pod.addLink("eth0");
      if (isPassed) node.succeed("CHECK", { ...conf, prevResult });
      else assert.equal(node.fail("CHECK", { ...conf, prevResult })[0], 104);
    });
  }

  const changes: Record<string, { change: (node: FakeNode) => void; msg: RegExp }> = {
    "its queue bit": { change: (node) => changeTap(node, { isMultiQueue: false }), msg: /lost its multi-queue flag/ },
    "its owner": { change: (node) => changeTap(node, { owner: undefined }), msg: /every user in the pod may attach/ },
  };
  for (const [what, { change, msg }] of Object.entries(changes)) {
    test(`a companion's tap that lost ${what} fails`, () => {
      const node = new FakeNode();
      node.answer(tap0);
      node.succeed("ADD", companion, launcher);
      node.succeed("CHECK", companion, launcher);
      change(node);
      const [code, text] = node.fail("CHECK", companion, launcher);
      assert.equal(code, 104);
      assert.match(text, msg);
    });
  }
});

function changeTap(node: FakeNode, changes: { isMultiQueue?: boolean; owner?: undefined }): void {
  const link = node.pod.find("tap0");
  assert.ok(link?.tap);
  node.pod.change(link.index, { tap: { ...link.tap, ...changes } });
}
