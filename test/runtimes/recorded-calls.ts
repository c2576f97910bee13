// Calls of real runtimes, as a plugin received them, and how they are read: as if mqtap had stood in that plugin's place.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const interfaceSchema = z.looseObject({ name: z.string(), sandbox: z.string().optional() });
const stdinSchema = z.looseObject({
  cniVersion: z.string(),
  name: z.string(),
  type: z.string(),
  prevResult: z.looseObject({ interfaces: z.array(interfaceSchema) }).optional(),
});
const recordingSchema = z.object({
  source: z.string(),
  calls: z.array(
    z.object({
      caller: z.enum(["containerd", "multus", "cnitool"]),
      env: z.strictObject({
        CNI_ARGS: z.string(),
        CNI_COMMAND: z.enum(["ADD", "CHECK", "DEL", "STATUS"]),
        CNI_CONTAINERID: z.string(),
        CNI_IFNAME: z.string(),
        CNI_NETNS: z.string(),
        CNI_PATH: z.string(),
      }),
      stdin: stdinSchema,
    }),
  ),
});

/** One recorded call. */
export type RecordedCall = Readonly<z.output<typeof recordingSchema>["calls"][number]>;

/** All calls, in the order in which they came. */
export function readRecordedCalls(): readonly RecordedCall[] {
  const file = join(import.meta.dirname, "../testdata/recorded-calls.json");
  return recordingSchema.parse(JSON.parse(readFileSync(file, "utf8"))).calls;
}

/** What tells attachments apart: a runtime asks for each once. */
export function attachmentOf({ env, stdin }: RecordedCall): string {
  return [stdin.name, env.CNI_CONTAINERID, env.CNI_IFNAME].join(" ");
}

/** The recorded pods as virtual machines' pods. */
export function asLauncherPod(call: RecordedCall): RecordedCall {
  const args = call.env.CNI_ARGS.replaceAll(/(?<=K8S_POD_NAME=)[^;]+/g, "virt-launcher-$&-abcde");
  return { ...call, env: { ...call.env, CNI_ARGS: args } };
}

/** The same call for mqtap with these fields; what is undefined is left out. */
export function asMqtap(call: RecordedCall, fields: Readonly<Record<string, unknown>>): RecordedCall {
  return { ...call, stdin: { ...call.stdin, type: "mqtap", ...fields } };
}

/** What containerd sends again and again after a pod's end: neither namespace nor prevResult. */
export function asLateDel(call: RecordedCall): RecordedCall {
  return { ...asMqtap(call, { prevResult: undefined }), env: { ...call.env, CNI_COMMAND: "DEL", CNI_NETNS: "" } };
}
