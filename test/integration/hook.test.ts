// The OnDefineDomain hook: the built binary, by both its names, as KubeVirt runs it, on taps that the plugin made.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { domainXml, type NicOfDomain } from "../fakes/kubevirt-domain.ts";
import type { Bed } from "./bed.ts";
import { answerOf, callHook, RunningHook } from "./hook.ts";
import { succeed } from "./plugin.ts";
import { podPerTest, type TestPod } from "./pod-per-test.ts";

let pod: TestPod;
let bed: Bed;
let linked: Bed | undefined;
podPerTest(async (entered) => {
  pod = entered;
  bed = pod.bed;
  if (linked !== bed) await bed.must("ln", "-s", "mqtap", "/run/bin/onDefineDomain");
  linked = bed;
});

const addTap = (ifName: string, queues: number) =>
  succeed(bed, { command: "ADD", netns: pod.netns, ifName, conf: { queues } });
const call = (xml: string, vmi?: object) =>
  callHook(bed, { namespace: pod.namespace, xml, ...(vmi && { vmi: JSON.stringify(vmi) }) });
const nic = (network: string, target: string, queues = 8): NicOfDomain => ({ network, target, queues });
const setAlias = (tap: string, alias: string) =>
  bed.must("ip", "-n", pod.namespace, "link", "set", "dev", tap, "alias", alias);

const primary = { spec: { networks: [{ name: "default", pod: {} }] } };

describe("the hook", () => {
  test("lowers queues to what the plugin made its taps for, by both its names", async () => {
    await addTap("tap0", 4);
    await addTap("tap16477688c0e", 2);
    const nics = [nic("default", "tap0"), nic("blue", "tap16477688c0e")];
    const wanted = domainXml([nic("default", "tap0", 4), nic("blue", "tap16477688c0e", 2)], "💥ü<x></x>");
    for (const start of [["/run/bin/onDefineDomain"], ["/run/bin/mqtap", "on-define-domain"]]) {
      const argv = [...start, "--vmi", "{}", "--domain", domainXml(nics, "💥ü<x></x>")];
      const { xml, line } = answerOf(await new RunningHook(bed, { namespace: pod.namespace, argv }).finished);
      assert.equal(xml, wanted);
      assert.deepEqual(
        [line?.["level"], line?.["nics"]],
        [
          "info",
          [
            { network: "default", tap: "tap0", queues: 8, to: 4, by: "alias" },
            { network: "blue", tap: "tap16477688c0e", queues: 8, to: 2, by: "alias" },
          ],
        ],
      );
    }
  });

  test("gives its own output back when a second one of ours, or KubeVirt, calls it again", async () => {
    await addTap("tap0", 4);
    const once = await call(domainXml([nic("default", "tap0")]));
    assert.equal(once.xml, domainXml([nic("default", "tap0", 4)]));
    assert.deepEqual(await call(once.xml), { xml: once.xml, line: undefined });
  });

  test("leaves what a hook of the user's has lowered further, and lowers what one has raised", async () => {
    await addTap("tap0", 4);
    assert.equal((await call(domainXml([nic("default", "tap0", 3)]))).xml, domainXml([nic("default", "tap0", 3)]));
    assert.equal((await call(domainXml([nic("default", "tap0", 16)]))).xml, domainXml([nic("default", "tap0", 4)]));
  });

  test("is idempotent over the calls of one boot: placeholders, NICs without a tap's name, the whole domain", async () => {
    await addTap("tap0", 4);
    const placeholders = domainXml([{ queues: 8, target: "placeholder-0" }]);
    assert.deepEqual(await call(placeholders, primary), { xml: placeholders, line: undefined });
    const unnamed = domainXml([{ network: "default", queues: 8 }]);
    assert.equal((await call(unnamed, primary)).xml, domainXml([{ network: "default", queues: 4 }]));
    assert.equal(
      (await call(domainXml([nic("default", "tap0")]), primary)).xml,
      domainXml([nic("default", "tap0", 4)]),
    );
  });

  test("writes one queue for a tap that the plugin made for one, and never for one of several", async () => {
    await addTap("tap0", 1);
    assert.equal((await call(domainXml([nic("default", "tap0", 2)]))).xml, domainXml([nic("default", "tap0", 1)]));
    await addTap("tap1", 4);
    await setAlias("tap1", "mqtap/1 q=1 m=adopted");
    const { xml, line } = await call(domainXml([nic("blue", "tap1")]));
    assert.equal(xml, domainXml([nic("blue", "tap1")]));
    assert.match(JSON.stringify(line), /tap for several queues and would refuse 1/);
  });

  test("waits for a tap that is not there yet, and for an alias that comes later", async () => {
    const argv = ["/run/bin/onDefineDomain", "--vmi", "{}", "--domain", domainXml([nic("default", "tap0")])];
    const early = new RunningHook(bed, { namespace: pod.namespace, argv });
    await early.waits();
    await addTap("tap0", 4);
    assert.equal(answerOf(await early.finished).xml, domainXml([nic("default", "tap0", 4)]));

    await setAlias("tap0", "");
    const second = new RunningHook(bed, { namespace: pod.namespace, argv });
    await second.waits();
    await setAlias("tap0", "mqtap/1 q=3 m=adopted");
    assert.equal(answerOf(await second.finished).xml, domainXml([nic("default", "tap0", 3)]));
  });

  test("goes by the annotation, or not at all, where no alias of ours comes", async () => {
    await bed.must("ip", "-n", pod.namespace, "tuntap", "add", "mode", "tap", "name", "tap0", "multi_queue");
    await setAlias("tap0", "mqtap/1 q=999 m=adopted");
    const annotated = { metadata: { annotations: { "network.kubevirt.io/max-queues": "2" } } };
    const [byAnnotation, untold] = await Promise.all([
      call(domainXml([nic("default", "tap0")]), annotated),
      call(domainXml([nic("default", "tap0")])),
    ]);
    assert.equal(byAnnotation.xml, domainXml([nic("default", "tap0", 2)]));
    assert.equal(untold.xml, domainXml([nic("default", "tap0")]));
    assert.match(JSON.stringify(untold.line), /has no alias of mqtap: let the node/);
  });

  test("never raises, whatever alias a pod forges", async () => {
    await addTap("tap0", 4);
    await setAlias("tap0", "mqtap/1 q=256 m=adopted");
    const { xml, line } = await call(domainXml([nic("default", "tap0")]));
    assert.equal(xml, domainXml([nic("default", "tap0")]));
    assert.match(JSON.stringify(line), /says 256, more than the domain's 8/);
  });
});
