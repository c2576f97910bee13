// Calls of Multus that must succeed or fail, and what the kernel has in a pod afterwards.
import assert from "node:assert/strict";
import { z } from "zod";
import { parseAlias } from "../../../cni/tap/alias.ts";
import type { MultusCluster, MultusVerb, Sandbox } from "./multus-cluster.ts";

const errorSchema = z.strictObject({ code: z.int(), msg: z.string(), details: z.string().optional() });

/** Gives Multus' stdout. */
export async function succeed(multus: MultusCluster, verb: MultusVerb, sandbox: Sandbox): Promise<string> {
  const { status, stdout, stderr } = await multus.call(verb, sandbox);
  assert.equal(status, 0, `Multus' ${verb} failed: ${stdout}${stderr}${multus.cluster.logTails().join("\n")}`);
  return stdout;
}

/** An ADD that must fail; gives what a person reads in the pod's event, without what Multus puts before it. */
export async function failToAdd(multus: MultusCluster, sandbox: Sandbox): Promise<string> {
  const { status, stdout } = await multus.call("ADD", sandbox);
  assert.equal(status, 1, `Multus' ADD ended with ${status}: ${stdout}`);
  const { msg } = errorSchema.parse(JSON.parse(stdout));
  const prefix = /^\[default\/\S+:\S+\]: error adding container to network "\S+": /.exec(msg)?.[0] ?? "";
  assert.ok(prefix.includes(sandbox.name), msg);
  return msg.slice(prefix.length);
}

/** The taps of the sandbox: name -> "<mode> <queues>" of the alias, and the MTU. */
export async function tapsOf(multus: MultusCluster, sandbox: Sandbox): Promise<Readonly<Record<string, string>>> {
  const found = (await multus.links(sandbox)).filter(({ linkinfo }) => linkinfo?.info_kind === "tun");
  return Object.fromEntries(
    found.map(({ ifname, ifalias, mtu, linkinfo }) => {
      const alias = parseAlias(ifalias);
      assert.equal(linkinfo?.info_data?.["multi_queue"], (alias?.queues ?? 0) > 1);
      return [ifname, `${alias?.mode} ${alias?.queues}, mtu ${mtu}`];
    }),
  );
}

/** The names of all links of the sandbox but the loopback's. */
export async function linksOf(multus: MultusCluster, sandbox: Sandbox): Promise<readonly string[]> {
  const names = (await multus.links(sandbox)).map(({ ifname }) => ifname);
  return names.filter((name) => name !== "lo").toSorted();
}
