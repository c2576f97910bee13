// The plugin's side of the sizing socket, and the VM that it asks about.
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { formatSizingRequest, parseSizingAnswer, type SizingAnswer } from "../../cni/sizing/protocol.ts";
import type { FakeCluster } from "../fakes/fake-cluster.ts";
import { until } from "./agent-bed.ts";
import { podObject, sizingRequest, vmiObject } from "./objects.ts";

/** Asks the agent whose run directory this is, as soon as it listens. */
export async function askAgent(
  directory: string,
  part: Parameters<typeof sizingRequest>[0] = {},
): Promise<SizingAnswer> {
  const path = join(directory, "agent.sock");
  await until(() => existsSync(path));
  const socket = connect(path);
  socket.end(formatSizingRequest(sizingRequest(part)));
  let text = "";
  for await (const chunk of socket) text += chunk;
  return parseSizingAnswer(text);
}

/** The VM "win" and its launcher pod. */
export function addVm(cluster: FakeCluster): void {
  cluster.put("/api/v1/namespaces/shop/pods/virt-launcher-win-x", podObject());
  cluster.put("/apis/kubevirt.io/v1/namespaces/shop/virtualmachineinstances/win", vmiObject());
}
