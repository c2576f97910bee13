// Calls the built plugin as a runtime does: variables, configuration on stdin, one JSON document or nothing on stdout.

import assert from "node:assert/strict";
import type { Bed, Finished } from "./bed.ts";

export interface PluginCall {
  readonly command: string;
  readonly netns?: string;
  readonly ifName?: string;
  readonly containerId?: string;
  readonly args?: string;
  /** Fields of the network configuration beside name and type, or the whole stdin as text. */
  readonly conf?: Readonly<Record<string, unknown>> | string;
  /** More variables, or changes to the usual ones. */
  readonly env?: NodeJS.ProcessEnv;
  /** How the plugin is started; the built one, unless told. */
  readonly argv?: readonly string[];
}

export interface PluginError {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

export async function invoke(bed: Bed, call: PluginCall): Promise<Finished> {
  const { conf = {} } = call;
  const stdin =
    typeof conf === "string" ? conf : JSON.stringify({ cniVersion: "1.1.0", name: "net", type: "mqtap", ...conf });
  const env = {
    CNI_COMMAND: call.command,
    CNI_CONTAINERID: call.containerId ?? "c1",
    CNI_NETNS: call.netns ?? "",
    CNI_IFNAME: call.ifName ?? "eth0",
    CNI_ARGS: call.args ?? "",
    CNI_PATH: "/opt/cni/bin",
    ...call.env,
  };
  return bed.run(call.argv ?? ["/run/bin/mqtap"], { env, stdin });
}

/** A call that must succeed; returns its document, or undefined when it printed nothing. */
export async function succeed(bed: Bed, call: PluginCall): Promise<Record<string, unknown> | undefined> {
  const { status, stdout, stderr } = await invoke(bed, call);
  assert.equal(status, 0, `${call.command} failed: ${stdout}${stderr}`);
  return stdout === "" ? undefined : parseOneLine(stdout);
}

/** A call that must fail; returns its error document. */
export async function fail(bed: Bed, call: PluginCall): Promise<PluginError> {
  const { status, stdout, stderr } = await invoke(bed, call);
  assert.equal(status, 1, `${call.command} ended with ${status}: ${stdout}${stderr}`);
  const { cniVersion, code, msg, details } = parseOneLine(stdout);
  assert.ok(typeof cniVersion === "string" && typeof code === "number" && typeof msg === "string", stdout);
  return { cniVersion, code, msg, ...(typeof details === "string" ? { details } : {}) };
}

function parseOneLine(stdout: string): Record<string, unknown> {
  assert.equal(stdout.indexOf("\n"), stdout.length - 1, `not one line: ${stdout}`);
  return JSON.parse(stdout);
}
