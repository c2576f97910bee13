// The run that test files share: one bed for the file, and for each test a pod namespace of its own in it.

import { after, before, beforeEach } from "node:test";
import { Bed } from "./bed.ts";

export interface TestPod {
  readonly bed: Bed;
  readonly namespace: string;
  /** The namespace's path. */
  readonly netns: string;
}

/** Hands each test of the calling file its pod, before it runs. */
export function podPerTest(enter: (pod: TestPod) => Promise<void> | void): void {
  let bed: Bed;
  let count = 0;
  before(async () => {
    bed = await Bed.open();
  });
  after(async () => {
    await bed[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    const namespace = `pod${count++}`;
    await enter({ bed, namespace, netns: await bed.addNamespace(namespace) });
  });
}
