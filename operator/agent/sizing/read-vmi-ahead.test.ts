import assert from "node:assert/strict";
import { test } from "node:test";
import { vmiObject } from "../../../test/agent/objects.ts";
import { readVmiAhead } from "./read-vmi-ahead.ts";
import { parseVmi, type Vmi } from "./vmi.ts";

const win = parseVmi(vmiObject());

function bed(answer: (name: string) => Promise<Vmi | undefined> = async () => win) {
  const asked: string[] = [];
  const vmi = (namespace: string, name: string): Promise<Vmi | undefined> => {
    asked.push(`${namespace}/${name}`);
    return answer(name);
  };
  const ahead = (podName: string) =>
    readVmiAhead({ podNamespace: "shop", podName }, { vmi }, new AbortController().signal);
  return { asked, ahead };
}

test("readVmiAhead() reads the VMI that the pod's name tells of before anybody asks, and once", async () => {
  const { asked, ahead } = bed();
  const read = ahead("virt-launcher-win-2022-x7k2q");
  assert.deepEqual(asked, ["shop/win-2022"]);
  assert.equal(await read("win-2022"), win);
  assert.deepEqual(asked, ["shop/win-2022"]);
});

test("readVmiAhead() reads the owner where the pod's name told of another VM, and that one as it is now", async () => {
  const { asked, ahead } = bed(async (name) => (name === "win" ? win : undefined));
  assert.equal(await ahead("virt-launcher-other-x7k2q")("win"), win);
  assert.deepEqual(asked, ["shop/other", "shop/win"]);
});

test("readVmiAhead() asks for nothing ahead where the name is none of KubeVirt's", async () => {
  const { asked, ahead } = bed();
  const read = ahead("web-0");
  assert.deepEqual(asked, []);
  await read("win");
  assert.deepEqual(asked, ["shop/win"]);
});

test("readVmiAhead() fails only where the VMI is asked for", async () => {
  const { ahead } = bed(() => Promise.reject(new Error("etcd is slow")));
  ahead("virt-launcher-win-x7k2q");
  await new Promise(setImmediate);
  await assert.rejects(ahead("virt-launcher-win-x7k2q")("win"), /etcd is slow/);
});
