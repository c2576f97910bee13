import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetricsRegistry } from "./metrics.ts";

describe("createMetricsRegistry()", () => {
  it("renders counters, gauges and histograms in the Prometheus text format", () => {
    const registry = createMetricsRegistry();
    registry.counter("writes_total", "Writes").add({ verb: 'a"b\\c\nd' });
    registry.counter("writes_total", "Writes").add({ verb: "x" }, 2);
    registry.counter("writes_total", "Writes").add({ verb: "x" });
    let depth = 1;
    registry.gauge("depth", "Two\nlines").read({}, () => depth);
    depth = 5;
    const latency = registry.histogram("latency_seconds", "Latency", [0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 3]) {
      latency.observe({ q: "a" }, value);
    }
    assert.equal(
      registry.render(),
      [
        "# HELP writes_total Writes",
        "# TYPE writes_total counter",
        'writes_total{verb="a\\"b\\\\c\\nd"} 1',
        'writes_total{verb="x"} 3',
        "# HELP depth Two\\nlines",
        "# TYPE depth gauge",
        "depth 5",
        "# HELP latency_seconds Latency",
        "# TYPE latency_seconds histogram",
        'latency_seconds_bucket{q="a",le="0.1"} 2',
        'latency_seconds_bucket{q="a",le="1"} 3',
        'latency_seconds_bucket{q="a",le="+Inf"} 4',
        'latency_seconds_sum{q="a"} 3.65',
        'latency_seconds_count{q="a"} 4',
        "",
      ].join("\n"),
    );
  });

  it("refuses one name for two types", () => {
    const registry = createMetricsRegistry();
    registry.counter("x", "");
    assert.throws(() => registry.gauge("x", ""), /another type/);
  });
});
