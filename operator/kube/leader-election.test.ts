import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cuttable, ElectionBed, kubernetesFigures, leasePath, write } from "../../test/fakes/election-bed.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { InMemoryApi } from "../../test/fakes/in-memory-api.ts";
import { createMemoryLog } from "../../test/fakes/memory-log.ts";
import { LeadershipLostError } from "./fenced-transport.ts";
import { runAsLeader } from "./leader-election.ts";
import { KubeApiError, type KubeRequest } from "./transport.ts";

describe("runAsLeader()", () => {
  it("takes a lease that does not exist, with microseconds in its times", async () => {
    const bed = new ElectionBed();
    const a = bed.elector("a");
    await bed.clock.advance(0);
    assert.ok(a.leadership);
    assert.deepEqual(bed.lease, {
      holder: "a",
      leaseDurationSeconds: 15,
      acquireTime: "2026-11-22T12:00:00.000000Z",
      renewTime: "2026-11-22T12:00:00.000000Z",
      transitions: 0,
    });
    a.stop.abort();
    await bed.clock.advance(0);
  });

  it("renews every two seconds with one request, and keeps acquireTime", async () => {
    const bed = new ElectionBed();
    const requests: string[] = [];
    const a = bed.elector("a", { transport: bed.api.client({ before: ({ method }) => void requests.push(method) }) });
    await bed.clock.advance(60_000);
    assert.deepEqual(requests, ["GET", "POST", ...Array.from({ length: 30 }, () => "PUT")]);
    assert.equal(bed.lease.acquireTime, "2026-11-22T12:00:00.000000Z");
    assert.equal(bed.lease.renewTime, "2026-11-22T12:01:00.000000Z");
    assert.equal(bed.api.writes.length, 31);
    a.stop.abort();
    await bed.clock.advance(0);
  });

  it("lets one of two lead, however long they run", async () => {
    const bed = new ElectionBed();
    const [a, b] = [bed.elector("a"), bed.elector("b")];
    await bed.clock.advance(600_000);
    assert.ok(a.leadership);
    assert.equal(b.leadership, undefined);
    assert.equal(bed.lease.transitions, 0);
    a.stop.abort();
    b.stop.abort();
    await bed.clock.advance(0);
    assert.deepEqual([a.outcome, b.outcome], ["released", "released"]);
    assert.deepEqual(bed.clock.pendingMs, []);
  });

  it("releases when stopped, so that the other leads within its retry period", async () => {
    const bed = new ElectionBed();
    const [a, b] = [bed.elector("a"), bed.elector("b")];
    await bed.clock.advance(5_000);
    a.stop.abort();
    await bed.clock.advance(0);
    assert.equal(a.outcome, "released");
    assert.equal(bed.lease.holder, undefined);
    await bed.clock.advance(2_000);
    assert.ok(b.leadership);
    assert.deepEqual([bed.lease.holder, bed.lease.transitions], ["b", 1]);
  });

  it("takes over from a leader that vanished, once its lease has been seen unchanged for its duration", async () => {
    const bed = new ElectionBed();
    const network = cuttable(bed.api);
    const a = bed.elector("a", { transport: network.transport });
    await bed.clock.advance(0);
    network.state.isCut = true; // as good as killed
    const b = bed.elector("b");
    await bed.clock.advance(14_000);
    assert.equal(b.leadership, undefined);
    await bed.clock.advance(3_000);
    assert.ok(b.leadership);
    assert.equal(a.outcome, "lost");
  });

  it("stops a leader that cannot renew before anyone else may lead, and lets it write nothing more", async () => {
    const bed = new ElectionBed();
    const network = cuttable(bed.api);
    const a = bed.elector("a", { transport: network.transport });
    const b = bed.elector("b");
    await bed.clock.advance(1_000);
    network.state.isCut = true;
    await bed.clock.advance(8_999);
    assert.equal(a.leadership?.signal.aborted, false);
    await bed.clock.advance(1);
    assert.equal(a.leadership?.signal.aborted, true);
    assert.equal(a.outcome, "lost");
    assert.equal(b.leadership, undefined, "nobody leads in between");
    network.state.isCut = false;
    await assert.rejects(async () => a.leadership?.transport.request(write), LeadershipLostError);
  });

  it("counts the deadline from before the last renewal was sent", async () => {
    const bed = new ElectionBed();
    const network = cuttable(bed.api);
    const a = bed.elector("a", { transport: network.transport });
    await bed.clock.advance(5_000); // renewed at 4 s
    network.state.isCut = true;
    await bed.clock.advance(8_999);
    assert.equal(a.outcome, undefined);
    await bed.clock.advance(1);
    assert.equal(a.outcome, "lost");
  });

  it("releases also when its last renewal failed", async () => {
    const bed = new ElectionBed();
    let isBroken = false;
    const before = (): void => {
      if (isBroken) {
        throw new KubeApiError({ status: 503, reason: "ServiceUnavailable", message: "down" });
      }
    };
    const a = bed.elector("a", { transport: bed.api.client({ before }) });
    await bed.clock.advance(1_000);
    isBroken = true;
    await bed.clock.advance(2_000);
    isBroken = false;
    a.stop.abort();
    await bed.clock.advance(0);
    assert.deepEqual([a.outcome, bed.lease.holder], ["released", undefined]);
  });

  it("cuts off what the leader was writing when the lease was lost", async () => {
    const bed = new ElectionBed();
    const network = cuttable(bed.api);
    const a = bed.elector("a", { transport: network.transport });
    await bed.clock.advance(0);
    network.state.isCut = true;
    const writing = assert.rejects(async () => a.leadership?.transport.request(write), LeadershipLostError);
    await bed.clock.advance(10_000);
    await writing;
    assert.equal(bed.api.objects.size, 1);
  });

  it("writes nothing after having been stopped for longer than the lease, even before its timers fire", async () => {
    const bed = new ElectionBed();
    const theirs = new FakeClock();
    const a = bed.elector("a", { clock: theirs });
    await theirs.advance(0);
    theirs.jump(30_000); // SIGSTOP, SIGCONT
    await assert.rejects(async () => a.leadership?.transport.request(write), LeadershipLostError);
    assert.equal(bed.api.objects.size, 1);
    await theirs.advance(0);
    assert.equal(a.outcome, "lost");
  });

  it("bridges a short outage of the API server", async () => {
    const bed = new ElectionBed();
    const network = cuttable(bed.api);
    const a = bed.elector("a", { transport: network.transport });
    await bed.clock.advance(2_000);
    network.state.isCut = true;
    await bed.clock.advance(6_000);
    network.state.isCut = false;
    await bed.clock.advance(60_000);
    assert.equal(a.outcome, undefined);
    assert.equal(a.leadership?.signal.aborted, false);
    a.stop.abort();
    await bed.clock.advance(0);
    assert.equal(a.outcome, "released");
  });

  it("compares no clocks: a leader whose clock is an hour off keeps its lease", async () => {
    const bed = new ElectionBed();
    const skewed = new FakeClock("2026-11-22T11:00:00.000Z");
    const a = bed.elector("a", { clock: skewed });
    const b = bed.elector("b");
    await skewed.advance(0);
    for (let second = 0; second < 60; second += 1) {
      await skewed.advance(1000);
      await bed.clock.advance(1000);
    }
    assert.ok(a.leadership);
    assert.equal(b.leadership, undefined);
    a.stop.abort();
    b.stop.abort();
    await skewed.advance(0);
    await bed.clock.advance(0);
  });

  it("knows that it holds a lease whose renewal was written but not answered", async () => {
    const bed = new ElectionBed();
    let isMute = false;
    const after = (request: KubeRequest): Promise<void> | void =>
      isMute && request.method === "PUT" ? new Promise<void>(() => undefined) : undefined;
    const a = bed.elector("a", { transport: bed.api.client({ after }) });
    await bed.clock.advance(0);
    isMute = true;
    await bed.clock.advance(4_000);
    isMute = false;
    await bed.clock.advance(30_000);
    assert.equal(a.outcome, undefined);
    a.stop.abort();
    await bed.clock.advance(0);
  });

  it("stops at once when someone else has taken the lease by force", async () => {
    const bed = new ElectionBed();
    const a = bed.elector("a");
    await bed.clock.advance(0);
    const stolen = structuredClone(bed.api.objects.get(leasePath)) ?? {};
    await bed.api.client().request({
      method: "PUT",
      path: leasePath,
      body: { ...stolen, spec: { holderIdentity: "thief", leaseDurationSeconds: 15, renewTime: "x" } },
    });
    await bed.clock.advance(4_000);
    assert.equal(a.outcome, "lost");
    assert.equal(bed.lease.holder, "thief");
  });

  it("lets the leader finish its writes while it winds down, then releases and closes its transport", async () => {
    const bed = new ElectionBed();
    const done = Promise.withResolvers<void>();
    const a = bed.elector("a", {
      async lead({ transport }) {
        await done.promise;
        await transport.request(write);
      },
    });
    await bed.clock.advance(0);
    a.stop.abort();
    await bed.clock.advance(20_000);
    assert.equal(bed.lease.holder, "a", "still leading while winding down");
    done.resolve();
    await bed.clock.advance(0);
    assert.equal(a.outcome, "released");
    assert.ok(bed.api.objects.has("/api/v1/things/written"));
    assert.equal(bed.lease.holder, undefined);
    await assert.rejects(async () => a.leadership?.transport.request(write), LeadershipLostError);
  });

  it("throws on what lead() throws, with the lease released", async () => {
    const bed = new ElectionBed();
    const a = bed.elector("a", { lead: () => Promise.reject(new Error("broken")) });
    await bed.clock.advance(0);
    assert.equal(a.outcome, "Error: broken");
    assert.equal(bed.lease.holder, undefined);
    assert.deepEqual(bed.clock.pendingMs, []);
  });

  it("keeps what others put into the Lease object", async () => {
    const bed = new ElectionBed();
    bed.api.objects.set(leasePath, { metadata: { name: "elected", labels: { keep: "me" } }, spec: { strategy: "s" } });
    const a = bed.elector("a");
    await bed.clock.advance(5_000);
    const object = bed.api.objects.get(leasePath);
    assert.deepEqual(object?.["metadata"], { name: "elected", labels: { keep: "me" }, resourceVersion: "3" });
    a.stop.abort();
    await bed.clock.advance(0);
  });

  it("leads nothing when stopped during the campaign", async () => {
    const bed = new ElectionBed();
    const a = bed.elector("a");
    const b = bed.elector("b");
    await bed.clock.advance(3_000);
    b.stop.abort();
    await bed.clock.advance(0);
    assert.deepEqual([b.leadership, b.outcome], [undefined, "released"]);
    assert.equal(bed.lease.holder, "a");
    a.stop.abort();
    await bed.clock.advance(0);
  });

  it("refuses figures that cannot work", async () => {
    const options = {
      ...kubernetesFigures,
      transport: new InMemoryApi().client(),
      namespace: "ns",
      name: "elected",
      identity: "a",
      clock: new FakeClock(),
      random: () => 0,
      log: createMemoryLog().log,
      signal: new AbortController().signal,
    };
    for (const wrong of [
      { leaseDurationMs: 10_000 },
      { retryPeriodMs: 10_000 },
      { retryPeriodMs: 0 },
      { identity: "" },
    ]) {
      await assert.rejects(
        runAsLeader({ ...options, ...wrong }, () => Promise.resolve()),
        RangeError,
      );
    }
  });
});
