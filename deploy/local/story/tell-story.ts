// The story from step 3 on, in order. Each step shows the commands a person would type and what really came back.
import type { Cluster } from "./cluster.ts";
import { interruptible } from "./interruptible.ts";
import type { Layout } from "./layout.ts";
import type { Narrator } from "./narrator.ts";
import { stayUntilStopped } from "./stay.ts";
import { changeAndDeleteLimit } from "./step-change.ts";
import { startStoryCluster } from "./step-cluster.ts";
import { attachConsumers } from "./step-consume.ts";
import { setLimit } from "./step-limit.ts";
import { startOperator } from "./step-operator.ts";
import { launchStoryVms } from "./step-vms.ts";

/** What the story needs from the process that tells it. */
export interface Telling {
  readonly layout: Layout;
  readonly narrator: Narrator;
  /** Ends the story early; what was started is stopped all the same. */
  readonly signal: AbortSignal;
  /** Leaves everything running at the end, until the signal. */
  readonly isKept: boolean;
}

/** Tells it. Whatever it started is gone when this settles. */
export async function tellStory(telling: Telling): Promise<void> {
  const narrator = interruptible(telling.narrator, telling.signal);
  const started = performance.now();
  await using resources = new AsyncDisposableStack();
  const cluster: Cluster = resources.use(await startStoryCluster(telling.layout, narrator));
  try {
    await startOperator(cluster, narrator);
    await setLimit(cluster, narrator);
    const pods = await launchStoryVms(cluster, narrator);
    resources.use(await attachConsumers(cluster, narrator, pods));
    await changeAndDeleteLimit(cluster, narrator);
  } catch (error) {
    if (!telling.signal.aborted) telling.narrator.output(["", "What the operator logged last:", ...cluster.logTails()]);
    throw error;
  }
  if (telling.isKept) await stayUntilStopped(cluster, telling);
  telling.narrator.heading("Leaving nothing behind");
  const what = `${cluster.nodeNames.length} nodes with their pods' namespaces, the operator, kube-apiserver, etcd`;
  await resources.disposeAsync();
  telling.narrator.say(`Stopped and removed: ${what} and ${cluster.directory}.`);
  telling.narrator.say(`Done in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
}
