// A node in memory with one pod, and a runtime that calls the plugin on it: for tests of the verbs.

import assert from "node:assert/strict";
import { dispatch, type Outcome } from "../../cni/dispatch.ts";
import type { Variables } from "../../cni/environment.ts";
import { formatSizingAnswer, type SizingAnswer } from "../../cni/sizing/protocol.ts";
import { verbs } from "../../cni/verbs.ts";
import { FakeKernel } from "./fake-kernel.ts";
import type { FakeNamespace } from "./fake-namespace.ts";
import { FakeSyscalls } from "./fake-syscalls.ts";

/** The pod's namespace. */
export const netns = "/run/netns/pod";

/** Every call is checked to close what it opened. */
export class FakeNode {
  readonly kernel = new FakeKernel();
  readonly sys = new FakeSyscalls();
  readonly pod: FakeNamespace = this.kernel.addNamespace(netns);
  readonly logged: string[] = [];

  call(command: string, conf: Record<string, unknown> | string = {}, change: Variables = {}): Outcome {
    const variables = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: "c1",
      CNI_NETNS: netns,
      CNI_IFNAME: "eth0",
      CNI_PATH: "/opt/cni/bin",
      ...change,
    };
    const text = typeof conf === "string" ? conf : JSON.stringify({ cniVersion: "1.1.0", name: "net", ...conf });
    const { kernel, sys } = this;
    const log = (level: string, message: string) => void this.logged.push(`${level}: ${message}`);
    const openAddressing = kernel.openAddressing.bind(kernel);
    const outcome = dispatch({ verbs, variables, readStdin: () => text, kernel, sys, log, openAddressing });
    assert.equal(kernel.openHandles, 0);
    assert.equal(sys.openCount, 0);
    return outcome;
  }

  /** A call that must succeed. */
  succeed(...call: Parameters<FakeNode["call"]>): string {
    const { stdout, exitStatus } = this.call(...call);
    assert.equal(exitStatus, 0, stdout);
    return stdout;
  }

  /** A call that must fail; returns code and message. */
  fail(...call: Parameters<FakeNode["call"]>): [number, string] {
    const { stdout, exitStatus } = this.call(...call);
    assert.equal(exitStatus, 1, stdout);
    const { code, msg } = JSON.parse(stdout);
    return [code, msg];
  }

  names(): readonly string[] {
    return this.pod.list().map(({ name }) => name);
  }

  answer(answer: SizingAnswer): void {
    this.sys.connections = [{ kind: "answers", pieces: () => [formatSizingAnswer(answer)] }];
  }
}

/** CNI_ARGS as containerd gives them. */
export const podArgs = (podName: string): Variables => ({
  CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${podName};K8S_POD_UID=u1`,
});
/** The pod of a virtual machine. */
export const launcher = podArgs("virt-launcher-vm-abcde");
/** What the plugin before mqtap made. */
export const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: "eth0", sandbox: netns }] };
/** A configuration in a chain. */
export const companion = { sizing: "vm", prevResult };
/** The answer of an agent that caps 8 vCPUs at 4. */
export const tap0: SizingAnswer = {
  kind: "tap",
  queues: 4,
  owner: 107,
  group: 107,
  tapName: "tap0",
  why: "node limit 4",
};
