import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeNode } from "../../test/fakes/fake-node.ts";

describe("CHECK of a main tap whose MTU is another", () => {
  const cases: Record<string, { note: string | { fails: string } | undefined; isRight: boolean }> = {
    "tuning noted that it found our MTU": { note: '{"mtu": 1450, "mac": "02:00:00:00:00:01"}', isRight: true },
    "tuning found another MTU than ours": { note: '{"mtu": 1500}', isRight: false },
    "tuning changed something else": { note: '{"promisc": false}', isRight: false },
    "tuning did not run": { note: undefined, isRight: false },
    "tuning's note is torn": { note: '{"mtu": 14', isRight: false },
    "tuning's note is no object": { note: "1450", isRight: false },
    "tuning's note cannot be read": { note: { fails: "EACCES" }, isRight: false },
  };
  for (const [what, { note, isRight }] of Object.entries(cases)) {
    test(`is ${isRight ? "right" : "wrong"} where ${what}`, () => {
      const node = new FakeNode();
      const conf = { queues: 4, mtu: 1450 };
      const prevResult: unknown = JSON.parse(node.succeed("ADD", conf));
      const link = node.pod.find("eth0");
      assert.ok(link);
      node.pod.change(link.index, { mtuBytes: 1400 });
      if (note !== undefined) node.sys.files.set("/run/cni/tuning/c1_eth0.json", note);
      const { exitStatus, stdout } = node.call("CHECK", { ...conf, prevResult });
      assert.equal(exitStatus, isRight ? 0 : 1, stdout);
      assert.match(stdout, isRight ? /^$/ : /"code":104,"msg":"[^\n]*its mtu is 1400, not 1450/);
    });
  }
});
