// Malformed and hostile input through the built plugin, in whose engine memory and stack are short: always one document or
// nothing, always 0 or 1, never a defect.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { argumentTexts, bombs, configurations, texts } from "../fuzz/arbitraries.ts";
import { Bed } from "../integration/bed.ts";
import { invoke, type PluginCall } from "../integration/plugin.ts";

let bed: Bed;
let netns: string;
before(async () => {
  bed = await Bed.open();
  netns = await bed.addNamespace("pod");
});
after(async () => {
  await bed[Symbol.asyncDispose]();
});

const commands = ["ADD", "CHECK", "GC", "STATUS", "DEL"];
const samples = 300;
/** What a kubelet's log and an event can hold. */
const longestError = 4096;

async function assertOneDocument(call: PluginCall): Promise<number | undefined> {
  const { status, stdout, stderr } = await invoke(bed, { netns, ...call });
  const shown = `${call.command}: ${stdout.slice(0, 300)} ${stderr.slice(0, 300)}`;
  assert.ok(status === 0 || status === 1, `status ${status}: ${shown}`);
  if (stdout !== "") assert.equal(stdout.indexOf("\n"), stdout.length - 1, shown);
  if (status === 0) {
    if (stdout !== "") JSON.parse(stdout);
    return undefined;
  }
  const { code, msg } = JSON.parse(stdout);
  assert.ok(typeof code === "number" && code !== 999 && typeof msg === "string", shown);
  assert.ok(stdout.length <= longestError, `an error of ${stdout.length} characters: ${shown}`);
  return code;
}

test(`${samples} samples of any input give one document or nothing`, async (context) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  context.diagnostic(`seed ${seed}`);
  const inputs = fc.tuple(fc.constantFrom(...commands), fc.oneof(texts, configurations, bombs), argumentTexts);
  for (const [command, conf, args] of fc.sample(inputs, { seed, numRuns: samples })) {
    // A variable cannot hold a NUL.
    await assertOneDocument({ command, conf, args: args.replaceAll("\0", "") });
  }
});

const mebi = 1 << 20;
const withMember = (member: string): string => `{"cniVersion":"1.1.0","name":"net","type":"mqtap",${member}}`;
const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

/** A code, or undefined where the input is long but sound. */
const hostile: Readonly<Record<string, { readonly conf: string; readonly code: number | undefined }>> = {
  "a mebibyte of an unknown key": { conf: withMember(`"x":"${"x".repeat(mebi)}"`), code: undefined },
  "a mebibyte of white space": { conf: withMember(`"x":${" ".repeat(mebi)}1`), code: undefined },
  "a mebibyte of name": { conf: `{"cniVersion":"1.1.0","name":"${"n".repeat(mebi)}"}`, code: undefined },
  "a mebibyte of bad name": { conf: `{"cniVersion":"1.1.0","name":"${"n".repeat(mebi)}/"}`, code: 7 },
  "a mebibyte of mac": { conf: withMember(`"mac":"${"00:".repeat(mebi / 3)}"`), code: 7 },
  "a mebibyte of ipam type": { conf: withMember(`"ipam":{"type":"${"t".repeat(mebi)}"}`), code: 121 },
  "a mebibyte of bridge": { conf: withMember(`"bridge":"${"b".repeat(mebi)}"`), code: 7 },
  "a mebibyte of version": { conf: `{"cniVersion":"${"1".repeat(mebi)}","name":"net"}`, code: 1 },
  "a mebibyte of digits": { conf: withMember(`"queues":${"9".repeat(mebi)}`), code: 7 },
  "a mebibyte of equal keys": { conf: withMember(`${'"mtu":1400,'.repeat(90_000)}"mtu":1400`), code: undefined },
  "a mebibyte of empty arrays": { conf: withMember(`"x":[${"[],".repeat(mebi / 3)}0]`), code: 6 },
  "a mebibyte of empty objects": { conf: withMember(`"x":[${"{},".repeat(mebi / 3)}0]`), code: 6 },
  "ten mebibytes": { conf: withMember(`"x":"${"x".repeat(10 * mebi)}"`), code: 5 },
  "a hundred levels of prevResult": { conf: withMember(`"prevResult":${deep(100)}`), code: undefined },
  "a million brackets": { conf: "[".repeat(1_000_000), code: 6 },
  "a hundred thousand levels": { conf: withMember(`"x":${deep(100_000)}`), code: 6 },
};

describe("hostile input", () => {
  for (const [what, { conf, code }] of Object.entries(hostile)) {
    test(`${what} is ${code === undefined ? "taken" : `error ${code}`}, and nothing else`, async () => {
      assert.equal(await assertOneDocument({ command: "ADD", conf }), code);
      // DEL reads no more than name and version.
      const deletionCode = code === 2 || (code === 7 && !what.includes("name")) ? undefined : code;
      assert.equal(await assertOneDocument({ command: "DEL", conf }), deletionCode);
      assert.equal((await bed.links("pod")).length, 1);
    });
  }

  // The engine's own depth: wherever it ends, no level gives a defect.
  for (const levels of [500, 1000, 2000, 3000, 5000, 10_000]) {
    test(`${levels} levels of prevResult, in another version than asked for, are taken or refused`, async () => {
      const conf = withMember(`"prevResult":{"cniVersion":"1.0.0","x":${deep(levels)}}`);
      await assertOneDocument({ command: "ADD", conf });
      await assertOneDocument({ command: "ADD", conf: conf.replace('"type"', '"sizing":"vm","type"') });
      await assertOneDocument({ command: "DEL", conf });
    });
  }

  test("a hundred kilobytes of CNI_ARGS are an error of readable length", async () => {
    for (const args of ["x".repeat(100_000), `${"k=v;".repeat(25_000)}a=b`, `IgnoreUnknown=${"1".repeat(100_000)}`]) {
      assert.equal(await assertOneDocument({ command: "ADD", args }), 4);
    }
  });

  test("a hundred kilobytes of any variable are an error of readable length", async () => {
    const long = "x".repeat(100_000);
    for (const variable of ["CNI_COMMAND", "CNI_IFNAME", "CNI_NETNS"]) {
      assert.notEqual(await assertOneDocument({ command: "ADD", env: { [variable]: long } }), undefined);
    }
    await assertOneDocument({ command: "DEL", containerId: long });
  });
});
