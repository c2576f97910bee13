import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseGuestReport } from "./guest-report.ts";

const counters = (name: string, packets: readonly string[]): string =>
  [`counters ${name}`, "NIC statistics:", ...packets, "     rx_queue_0_bytes: 99"].join("\n");
const before = counters("start", [
  "     rx_queue_0_packets: 5",
  "     rx_queue_1_packets: 0",
  "     tx_queue_0_packets: 7",
  "     tx_queue_1_packets: 1",
]);
const later = counters("0", [
  "     rx_queue_0_packets: 5",
  "     rx_queue_1_packets: 30",
  "     tx_queue_0_packets: 8",
  "     tx_queue_1_packets: 21",
]);
const head = [
  "release 6.1.0",
  "vcpus 4",
  "driver virtio_net",
  "combined 4",
  "combined 2",
  "tx-0 3",
  "tx-1 0000,0000000c",
];

describe("parseGuestReport()", () => {
  it("reads queues, who sends over each, and each flow's own packets", () => {
    assert.deepEqual(parseGuestReport([...head, before, "flow 3 1000", later, "end"].join("\r\n")), {
      release: "6.1.0",
      vcpus: 4,
      driver: "virtio_net",
      maxCombined: 4,
      combined: 2,
      senders: [
        [0, 1],
        [2, 3],
      ],
      flows: [{ cpu: 3, bytes: 1000, counts: { rx: [0, 30], tx: [1, 20] } }],
    });
  });

  it("refuses a report that is not whole", () => {
    assert.throws(() => parseGuestReport(head.slice(0, 4).join("\n")), /cannot read what the guest told/);
    assert.throws(() => parseGuestReport([...head, before, "flow 0 1000", "end"].join("\n")), /counters are missing/);
  });
});
