import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeSyscalls } from "../../test/fakes/fake-syscalls.ts";
import { defaultSysctlPath, nodeFilePath, readNodeLimit } from "./node-limit.ts";

const otherSysctl = "/tmp/node/net/tuntap/max_queues";
const nodeFile = (fields: Record<string, unknown>) =>
  JSON.stringify({ maxQueues: 4, source: "NodeNetworkConfig/dense", sysctlPath: otherSysctl, ...fields });

interface Case {
  readonly files: Record<string, string | { fails: string }>;
  readonly limit: { maxQueues: number; source: string };
  readonly warning?: RegExp;
}

describe("readNodeLimit()", () => {
  const byNode = { maxQueues: 4, source: "NodeNetworkConfig/dense" };
  const byKernel = { maxQueues: 256, source: "the kernel" };
  const cases: Record<string, Case> = {
    "is the kernel's 256 where nothing limits": { files: {}, limit: byKernel },
    "is the agent's": { files: { [nodeFilePath]: nodeFile({}) }, limit: byNode },
    "is the kernel's sysctl where it is lower": {
      files: { [nodeFilePath]: nodeFile({}), [otherSysctl]: "2\n" },
      limit: { maxQueues: 2, source: otherSysctl },
    },
    "is the agent's where the sysctl is higher": {
      files: { [nodeFilePath]: nodeFile({}), [otherSysctl]: "16\n" },
      limit: byNode,
    },
    "is never above 256": {
      files: { [otherSysctl]: "1024\n", [nodeFilePath]: nodeFile({ maxQueues: 256, source: "none" }) },
      limit: { maxQueues: 256, source: "none" },
    },
    "takes the usual sysctl without the agent's file": {
      files: { [defaultSysctlPath]: "1" },
      limit: { maxQueues: 1, source: defaultSysctlPath },
    },
    "takes the usual sysctl when the agent names none": {
      files: { [nodeFilePath]: nodeFile({ sysctlPath: undefined }), [defaultSysctlPath]: "3" },
      limit: { maxQueues: 3, source: defaultSysctlPath },
    },
    "takes a corrupt file as absent and says so": {
      files: { [nodeFilePath]: '{"maxQueues":', [defaultSysctlPath]: "8" },
      limit: { maxQueues: 8, source: defaultSysctlPath },
      warning: /cannot use \/var\/lib\/mqtap\/node.json/,
    },
    "takes a limit of nonsense as absent and says so": {
      files: { [nodeFilePath]: nodeFile({ maxQueues: 0 }) },
      limit: byKernel,
      warning: /node.json/,
    },
    "takes a relative sysctl path as nonsense": {
      files: { [nodeFilePath]: nodeFile({ sysctlPath: "x" }) },
      limit: byKernel,
      warning: /node.json/,
    },
    "takes an array as nonsense": { files: { [nodeFilePath]: "[]" }, limit: byKernel, warning: /node.json/ },
    "takes an unreadable file as absent and says so": {
      files: { [nodeFilePath]: { fails: "EACCES" } },
      limit: byKernel,
      warning: /EACCES/,
    },
    "takes a sysctl of 0 as absent and says so": {
      files: { [defaultSysctlPath]: "0\n" },
      limit: byKernel,
      warning: /holds "0", not a count/,
    },
    "takes a sysctl of words as absent and says so": {
      files: { [defaultSysctlPath]: "4 8\n" },
      limit: byKernel,
      warning: /holds "4 8"/,
    },
  };
  for (const [what, { files, limit, warning }] of Object.entries(cases)) {
    test(what, () => {
      const sys = new FakeSyscalls();
      for (const [path, content] of Object.entries(files)) sys.files.set(path, content);
      const warnings: string[] = [];
      assert.deepEqual(
        readNodeLimit(sys, (_level, message) => warnings.push(message)),
        limit,
      );
      assert.match(warnings.join("\n"), warning ?? /^$/);
      assert.equal(sys.openCount, 0);
    });
  }
});
