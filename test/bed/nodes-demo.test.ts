// `npm start -- --nodes` from step 3 on, as a process: the administrator's story, and nothing left however it ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertNothingLeft, Demo, machine } from "../e2e/demo-process.ts";

test("the story of whole nodes is told to its end, and leaves nothing", async () => {
  const before = await machine();
  await using demo = await Demo.start(["--nodes"]);
  assert.equal(await demo.end(), 0, demo.text);
  const shown = [
    /daemon set "mqtap-agent" successfully rolled out/,
    /node1: \/opt\/cni\/bin\/mqtap is this agent's release/,
    /nodenetworkprofile\.mqtap\.io\/node1 +4 +Sysctl +0 +True/,
    /nodenetworkprofile\.mqtap\.io\/node2 +4 +Advisory +0 +True/,
    /tap0: 4 queues open/,
    /tap0 +companion +4 +4 +107:107 +up +1500 +noqueue/,
    /tap0 +companion +8 +8 +107:107 +up +1500 +noqueue/,
    /web +Normal +QueuesCapped +8 -> 4 on network "default".*the VM runs with 4/,
    /legacy +Warning +CapNotApplied +8 instead of 4/,
    /node2: the plugin stays, since pods have taps of it/,
    /nodenetworkprofile\.mqtap\.io\/node2 condition met/,
    /cannot access '\/opt\/cni\/bin\/mqtap'/,
    /namespace "mqtap-system" deleted/,
  ];
  for (const pattern of shown) assert.match(demo.text, pattern);
  await assertNothingLeft(demo, before);
});

test("Ctrl-C while VMs start ends it and leaves nothing", async () => {
  const before = await machine();
  await using demo = await Demo.start(["--nodes"]);
  await demo.says("\n6. ", 200_000);
  demo.signal("SIGINT");
  assert.equal(await demo.end(), 130, demo.text);
  assert.doesNotMatch(demo.text, /Error/);
  await assertNothingLeft(demo, before);
});
