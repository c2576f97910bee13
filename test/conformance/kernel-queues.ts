// What every Kernel says of a tap while programs open its queues.

import { type Cases, failsWith, isEqual } from "./expect.ts";
import { type KernelWorld, open, persistent } from "./kernel-world.ts";

export const queueCases: Cases<KernelWorld> = {
  "a multiqueue tap counts its queues and forgets them": (world) => {
    using namespace = open(world);
    persistent(namespace, "tap0", true);
    {
      using _first = world.attachQueues("tap0", { isMultiQueue: true, count: 3 });
      using _second = world.attachQueues("tap0", { isMultiQueue: true, count: 2 });
      isEqual(namespace.findLink("tap0")?.tap?.queues, 5);
    }
    isEqual(namespace.findLink("tap0")?.tap?.queues, 0);
  },
  "a tap has 256 queues and not one more": (world) => {
    using namespace = open(world);
    persistent(namespace, "tap0", true);
    using _all = world.attachQueues("tap0", { isMultiQueue: true, count: 256 });
    failsWith("E2BIG", () => world.attachQueues("tap0", { isMultiQueue: true, count: 1 }));
    isEqual(namespace.findLink("tap0")?.tap?.queues, 256);
  },
  "queues are refused where the tap's bit is another one": (world) => {
    using namespace = open(world);
    persistent(namespace, "tap0", true);
    persistent(namespace, "tap1", false);
    failsWith("EINVAL", () => world.attachQueues("tap0", { isMultiQueue: false, count: 1 }));
    failsWith("EINVAL", () => world.attachQueues("tap1", { isMultiQueue: true, count: 2 }));
  },
  "a single-queue tap has one queue": (world) => {
    using namespace = open(world);
    persistent(namespace, "tap0", false);
    using _only = world.attachQueues("tap0", { isMultiQueue: false, count: 1 });
    failsWith("EBUSY", () => world.attachQueues("tap0", { isMultiQueue: false, count: 1 }));
  },
  "a tap has carrier while somebody holds a queue of it": (world) => {
    using namespace = open(world);
    for (const isMultiQueue of [true, false]) {
      const name = `tap-${isMultiQueue}`;
      persistent(namespace, name, isMultiQueue);
      isEqual(namespace.findLink(name)?.hasCarrier, false);
      {
        using _queue = world.attachQueues(name, { isMultiQueue, count: 1 });
        isEqual(namespace.findLink(name)?.hasCarrier, true);
      }
      isEqual(namespace.findLink(name)?.hasCarrier, false);
    }
  },
};
