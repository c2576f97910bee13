// KubeVirt's own hooks manager and sidecar-shim around mqtap's hook, on domains that KubeVirt's own converter made and on taps
// that the plugin made: queues are lowered, and not one other byte changes on the way to libvirt.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { podPerTest, type TestPod } from "../integration/pod-per-test.ts";
import { type BootCall, type Booted, boot, type HookProgram } from "./hook-sidecars.ts";
import { makeTaps, type VmShape, vmOf, withQueues } from "./hooked-vm.ts";

let pod: TestPod;
podPerTest((entered) => {
  pod = entered;
});

const setAlias = (alias: string) =>
  pod.bed.must("ip", "-n", pod.namespace, "link", "set", "dev", "tap0", "alias", alias);

/** Each call of a boot: what libvirt is handed. */
const handed = ({ calls }: Booted): readonly string[] =>
  calls.map(({ after, failed }) => {
    assert.equal(failed, "");
    return after;
  });

const oneBoot: readonly BootCall[] = [{ placeholders: 3 }, {}, { rootPorts: 4 }];
const start = (vmi: object, hooks: readonly HookProgram[], calls?: readonly BootCall[], hasPod = true) =>
  boot(pod, { vmi, hooks, ...(calls && { calls }), hasPod });

describe("KubeVirt's hooks manager and shim with mqtap's hook hand libvirt, on each call of a boot, the same but for the queues of", () => {
  const secondaries = Array.from({ length: 9 }, (_, index) => `net-${index}`);
  const hyperv = { relaxed: {}, vapic: {}, spinlocks: { spinlocks: 8191 }, vpindex: {}, synic: {}, synictimer: {} };
  const windows = {
    clock: { utc: {}, timer: { hpet: { present: false }, pit: { tickPolicy: "delay" }, hyperv: {} } },
    features: { acpi: {}, apic: {}, smm: {}, hyperv },
  };
  const shapes: Readonly<Record<string, VmShape & { readonly vcpus?: number }>> = {
    "one NIC": {},
    "ten NICs of a Windows guest": { secondaries, domain: windows },
    "a NIC of a VM of 256 sockets": { cpu: { sockets: 256 }, vcpus: 256 },
    "a NIC of a VM with room for 256 sockets": { cpu: { sockets: 8, maxSockets: 256 } },
  };
  for (const [title, { vcpus = 8, ...shape }] of Object.entries(shapes)) {
    test(title, async (t) => {
      await using _pod = await makeTaps(pod, { queues: 4, ...shape });
      const vmi = vmOf(shape);
      const without = handed(await start(vmi, [], oneBoot));
      const { calls, logs } = await start(vmi, ["mqtap"], oneBoot);
      assert.equal(calls.length, 3);
      assert.ok(without[0]?.includes("placeholder-2") && without[2]?.includes("pcie-root-port"));
      for (const [index, xml] of without.entries()) {
        const nics = (shape.secondaries?.length ?? 0) + 1;
        assert.equal(xml.split(`queues="${vcpus}"`).length, nics + 1);
        // the third is made of what KubeVirt has read of the second
        const before = index < 2 ? xml : withQueues(xml, [vcpus, 4]);
        assert.deepEqual(calls[index], { before, after: withQueues(xml, [vcpus, 4]), failed: "" });
      }
      assert.equal(logs[0]?.split("queues lowered on").length, 3);
      t.diagnostic(`${without[0]?.length} bytes`);
    });
  }

  test("a NIC whose tap is not filled in yet", async () => {
    await using _pod = await makeTaps(pod, { queues: 4, secondaries: ["blue"] });
    const vmi = vmOf({ secondaries: ["blue"] });
    const without = handed(await start(vmi, [], [{}], false));
    assert.ok(!without[0]?.includes("tap"));
    const xml = handed(await start(vmi, ["mqtap"], [{}], false));
    assert.deepEqual(xml, [withQueues(without[0] ?? "", [8, 4])]);
  });

  test("nothing, where the model is e1000 or the VM is as its taps", async () => {
    await using _pod = await makeTaps(pod, { queues: 4 });
    for (const shape of [{ model: "e1000" }, { cpu: { cores: 4 } }, { cpu: { cores: 1 } }]) {
      const vmi = vmOf(shape);
      const { calls, logs } = await start(vmi, ["mqtap"], oneBoot);
      assert.deepEqual(calls, (await start(vmi, [], oneBoot)).calls);
      assert.doesNotMatch(logs[0] ?? "", /queues/);
    }
  });
});

test("the VMI is read as KubeVirt writes it: its annotation counts where there is no alias", async () => {
  await using _pod = await makeTaps(pod, { queues: 4 });
  await setAlias("");
  const vmi = vmOf({ annotations: { "mqtap.io/max-queues": "2", "example.com/quotes": "\"'<&>💥\u2028" } });
  const without = handed(await start(vmi, []));
  assert.deepEqual(handed(await start(vmi, ["mqtap"])), [withQueues(without[0] ?? "", [8, 2])]);
});

describe("the hook leaves the domain as it is, and the VM starts, for", () => {
  const forged: Readonly<Record<string, readonly [alias: string, why: RegExp]>> = {
    "an alias that is missing": ["", /has no alias of mqtap: let the node/],
    "an alias of the pod's own": ["q=2", /has no alias of mqtap/],
    "an alias that ends in more": ["mqtap/1 q=2 m=adopted x", /has no alias of mqtap/],
    "an alias of another version": ["mqtap/2 q=2 m=adopted", /has no alias of mqtap/],
    "an alias that says more than the domain": ["mqtap/1 q=16 m=adopted", /says 16, more than the domain's 8/],
    "an alias of one queue, which the tap would refuse": ["mqtap/1 q=1 m=adopted", /would refuse 1/],
  };
  for (const [title, [alias, why]] of Object.entries(forged)) {
    test(title, async () => {
      await using _pod = await makeTaps(pod, { queues: 4 });
      await setAlias(alias);
      const vmi = vmOf();
      const { calls, logs } = await start(vmi, ["mqtap"]);
      assert.deepEqual(calls, (await start(vmi, [])).calls);
      assert.match(logs[0] ?? "", why);
    });
  }
});

describe("hooks in sidecars of their own are chained:", () => {
  /** A user's hook: one more element, by a program of the image. */
  const titled: HookProgram = {
    script: `#!/bin/sh\nprintf %s "$4" | sed 's,</name>,</name><title a="\\&lt;">hers \\&amp; his</title>,'\n`,
  };
  const withTitle = (xml: string) => xml.replace("</name>", '</name><title a="&lt;">hers &amp; his</title>');
  const setting = (queues: number): HookProgram => ({
    script: `#!/bin/sh\nprintf %s "$4" | sed 's/name="vhost" queues="[0-9]*"/name="vhost" queues="${queues}"/'\n`,
  });
  const printing = (text: string): HookProgram => ({ script: `#!/bin/sh\nprintf %s '${text}'\n` });

  const chains: Readonly<Record<string, { hooks: readonly HookProgram[]; wanted: (xml: string) => string }>> = {
    "two of mqtap's do what one does": { hooks: ["mqtap", "mqtap"], wanted: (xml) => withQueues(xml, [8, 4]) },
    "a user's before": { hooks: [titled, "mqtap"], wanted: (xml) => withTitle(withQueues(xml, [8, 4])) },
    "a user's behind": { hooks: ["mqtap", titled], wanted: (xml) => withTitle(withQueues(xml, [8, 4])) },
    "a user's between two": { hooks: ["mqtap", titled, "mqtap"], wanted: (xml) => withTitle(withQueues(xml, [8, 4])) },
    "a user's that has lowered further": { hooks: [setting(3), "mqtap"], wanted: (xml) => withQueues(xml, [8, 3]) },
    "a user's that has raised": { hooks: [setting(16), "mqtap"], wanted: (xml) => withQueues(xml, [8, 4]) },
    "a user's that raises behind, which is the user's will": {
      hooks: ["mqtap", setting(16)],
      wanted: (xml) => withQueues(xml, [8, 16]),
    },
  };
  for (const [title, { hooks, wanted }] of Object.entries(chains)) {
    test(title, async () => {
      await using _pod = await makeTaps(pod, { queues: 4 });
      const vmi = vmOf();
      const without = handed(await start(vmi, []));
      assert.deepEqual(handed(await start(vmi, hooks)), without.map(wanted));
    });
  }

  const broken: Readonly<Record<string, string>> = {
    nothing: "",
    "a truncated document": "<domain><devices>",
    "a document with a DOCTYPE": '<!DOCTYPE domain [<!ENTITY a "b">]><domain>&a;</domain>',
    "an entity that nobody defines": "<domain><name>&a;</name></domain>",
  };
  for (const [title, text] of Object.entries(broken)) {
    test(`a user's that prints ${title}: mqtap's hands it on`, async () => {
      const [alone, chained] = [
        await start(vmOf(), [printing(text)], [{}], false),
        await start(vmOf(), [printing(text), "mqtap"], [{}], false),
      ];
      assert.equal(chained.calls[0]?.after, text);
      assert.deepEqual(chained.calls, alone.calls);
      assert.match(chained.logs[1] ?? "", /the domain stays as it is: /);
    });
  }
});
