import assert from "node:assert/strict";
import { test } from "node:test";
import { decisionTable, kernelTable, type SizedTap } from "./sizing-report.ts";

const alias = `mqtap/1 q=4 m=companion n=${"0123456789abcdef"} a=${"0123456789abcdef".repeat(2)}`;

const web: SizedTap = {
  vm: "web",
  vcpus: 8,
  node: "node-1",
  limit: "4",
  setBy: "dense-windows (Sysctl)",
  why: '8 -> 4 on network "default": node limit 4 by NodeNetworkConfig/dense-windows',
  tap: "tap0",
  opened: { opened: 4 },
  link: {
    name: "tap0",
    isUp: true,
    alias,
    qdisc: "noqueue",
    mtuBytes: 1500,
    tap: { isMultiQueue: true, isPersistent: true, owner: 107, group: 107, queues: 1, disabledQueues: 3 },
  },
};

test("decisionTable() shows E from the tap's own alias, with its reason", () => {
  const [, row = "", ...more] = decisionTable([web]);
  assert.match(row, /^web +1 +8 +node-1 +4 +dense-windows \(Sysctl\) +4 +8 -> 4 on/);
  assert.match(more.join(" "), /NodeNetworkConfig\/dense-windows/);
});

test("kernelTable() adds enabled and disabled queues, and shortens the alias", () => {
  const [, row] = kernelTable([web]);
  assert.match(row ?? "", /^web +tap0 +on +107:107 +noqueue +4 +4 +mqtap\/1 q=4 m=companion n=0123… a=0123…$/);
});

test("taps of one VM that came out alike share a row, others do not", () => {
  const second = { ...web, tap: "tap16477688c0e" };
  // a cell that wraps goes on in a line without the VM's name
  const rows = (taps: Parameters<typeof kernelTable>[0]) =>
    kernelTable(taps).filter((line) => line.startsWith(web.vm)).length;
  assert.equal(rows([web, second]), 1);
  assert.equal(rows([web, { ...second, opened: { opened: 0, error: "EPERM" } }]), 2);
  assert.match(kernelTable([web, second]).join("\n"), /tap0 \+1/);
  assert.match(decisionTable([web, second]).join(" "), /\(all 2 +alike\)/);
});

test("a tap that is missing or not ours shows no number", () => {
  const { link, ...rest } = web;
  const foreign = { ...rest, link: { ...(link ?? { name: "", isUp: true, mtuBytes: 0 }), alias: "someone else" } };
  assert.match(decisionTable([foreign])[1] ?? "", / - +8 -> 4 on/);
  assert.match(kernelTable([{ ...web, link: undefined }])[1] ?? "", /off +-:- +- /);
});

test("no line is wider than a terminal of 120 columns leaves", () => {
  for (const line of [...decisionTable([web]), ...kernelTable([web])]) assert.ok(line.length <= 116, line);
});
