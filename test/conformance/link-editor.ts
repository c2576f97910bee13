// What every LinkEditor does: changes links that somebody else made, and hears of what happens to links.

import type { NetworkNamespace } from "../../cni/kernel/kernel.ts";
import type { LinkEditor } from "../../cni/kernel/link-editor.ts";
import { openLinuxLinkEditor } from "../../cni/kernel/linux-link-editor.ts";
import type { Syscalls } from "../../cni/sys/syscalls.ts";
import { type Cases, failsWith, isEqual, isTrue, thrownBy } from "./expect.ts";
import { type KernelWorld, open, persistent } from "./kernel-world.ts";
import { linuxWorld } from "./linux-world.ts";

export interface LinkEditorWorld extends KernelWorld {
  readonly openLinkEditor: (namespace: NetworkNamespace) => LinkEditor;
}

export function linuxLinkEditorWorld(syscalls: Syscalls, namespacePath: string): LinkEditorWorld {
  return {
    ...linuxWorld(syscalls, namespacePath),
    openLinkEditor: (namespace) => openLinuxLinkEditor(syscalls, namespace),
  };
}

/** Long enough to show by the test's own time limit that nobody woke us. */
const longMs = 3_600_000;

/** A tap as KubeVirt leaves it. */
function tapInUse(namespace: NetworkNamespace, name: string) {
  using tap = namespace.createTap(name, true);
  tap.perform({ kind: "setUp" });
  tap.perform({ kind: "persist" });
  return tap.link;
}

export const linkEditorCases: Cases<LinkEditorWorld> = {
  "setAlias() and setNoqueue() change a tap that is up, and nothing else of it": (world) => {
    using namespace = open(world);
    const { index } = tapInUse(namespace, "tap0");
    using editor = world.openLinkEditor(namespace);
    const before = namespace.findLink("tap0");
    isEqual(before?.qdisc, "mq");
    editor.setAlias(index, "mqtap/1 q=4 m=adopted");
    editor.setNoqueue(index);
    isEqual(namespace.findLink("tap0"), { ...before, alias: "mqtap/1 q=4 m=adopted", qdisc: "noqueue" });
    editor.setAlias(index, "another");
    editor.setNoqueue(index);
    isEqual(namespace.findLink("tap0"), { ...before, alias: "another", qdisc: "noqueue" });
  },
  "a tap that is down keeps noqueue when it comes up": (world) => {
    using namespace = open(world);
    using tap = namespace.createTap("tap0", true);
    using editor = world.openLinkEditor(namespace);
    editor.setNoqueue(tap.link.index);
    tap.perform({ kind: "setUp" });
    isEqual(namespace.findLink("tap0")?.qdisc, "noqueue");
  },
  "a link that is gone is ENODEV": (world) => {
    using namespace = open(world);
    using editor = world.openLinkEditor(namespace);
    failsWith("ENODEV", () => editor.setAlias(12_345, "a"));
    failsWith("ENODEV", () => editor.setNoqueue(12_345));
  },
  "waitForChange() returns at once for what happened since the editor was opened": (world) => {
    using namespace = open(world);
    using editor = world.openLinkEditor(namespace);
    persistent(namespace, "tap0", true);
    editor.waitForChange(longMs);
    namespace.deleteLink(namespace.findLink("tap0")?.index ?? 0);
    editor.waitForChange(longMs);
  },
  "waitForChange() returns when the time is up": (world) => {
    using namespace = open(world);
    persistent(namespace, "tap0", true);
    using editor = world.openLinkEditor(namespace);
    editor.waitForChange(1);
    editor.waitForChange(0);
  },
  "waitForChange() survives more changes than the kernel keeps for us": (world) => {
    using namespace = open(world);
    using editor = world.openLinkEditor(namespace);
    for (let made = 0; made < 400; made += 1) {
      namespace.deleteLink(persistent(namespace, "tap0", true).index);
    }
    persistent(namespace, "tap1", true);
    // What is left over is bounded, and a change after it is heard of.
    for (let waited = 0; waited < 20; waited += 1) editor.waitForChange(0);
    persistent(namespace, "tap2", true);
    editor.waitForChange(longMs);
    isEqual(namespace.findLink("tap2")?.name, "tap2");
  },
  "an editor is of no use after its disposal, and may be disposed of twice": (world) => {
    using namespace = open(world);
    const editor = world.openLinkEditor(namespace);
    editor[Symbol.dispose]();
    editor[Symbol.dispose]();
    for (const use of [() => editor.setAlias(1, "a"), () => editor.setNoqueue(1), () => editor.waitForChange(0)]) {
      isTrue(String(thrownBy(use)).includes("disposal"), "an error that names the disposal");
    }
  },
};
