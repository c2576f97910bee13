// A registry for the Prometheus text format: counters, gauges read at scrape time, histograms. Small, because an
// operator needs no more, and because every megabyte of the agent counts once for each node.

/** Label names and values of one time series. */
type Labels = Readonly<Record<string, string>>;

/** Only goes up. */
interface Counter {
  add(labels: Labels, by?: number): void;
}

/** Read whenever someone scrapes. */
interface Gauge {
  read(labels: Labels, value: () => number): void;
}

/** Counts observations below each bound. */
interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** Where metrics are registered and rendered. Asking twice for one name gives the same metric. */
export interface MetricsRegistry {
  counter(name: string, help: string): Counter;
  gauge(name: string, help: string): Gauge;
  histogram(name: string, help: string, bounds: readonly number[]): Histogram;
  /** Prometheus text format 0.0.4. */
  render(): string;
}

type Samples = () => readonly string[];
type Family = { readonly type: "counter" | "gauge" | "histogram"; readonly help: string; readonly samples: Samples };

/** An empty registry. */
export function createMetricsRegistry(): MetricsRegistry {
  const families = new Map<string, Family>();
  const metrics = { counter: new Map<string, Counter>(), gauge: new Map<string, Gauge>() };
  const histograms = new Map<string, Histogram>();

  const register = <M>(known: Map<string, M>, name: string, family: () => readonly [M, Family]): M => {
    const existing = known.get(name);
    if (existing !== undefined) {
      return existing;
    }
    if (families.has(name)) {
      throw new TypeError(`cannot register metric "${name}": it exists with another type`);
    }
    const [metric, description] = family();
    known.set(name, metric);
    families.set(name, description);
    return metric;
  };

  return {
    counter: (name, help) =>
      register(metrics.counter, name, () => {
        const values = new Map<string, number>();
        const counter: Counter = {
          add(labels, by = 1) {
            const key = labelText(labels);
            values.set(key, (values.get(key) ?? 0) + by);
          },
        };
        return [counter, { type: "counter", help, samples: () => [...values].map(([l, v]) => `${name}${l} ${v}`) }];
      }),
    gauge: (name, help) =>
      register(metrics.gauge, name, () => {
        const readers = new Map<string, () => number>();
        const gauge: Gauge = { read: (labels, value) => void readers.set(labelText(labels), value) };
        return [gauge, { type: "gauge", help, samples: () => [...readers].map(([l, v]) => `${name}${l} ${v()}`) }];
      }),
    histogram: (name, help, bounds) =>
      register(histograms, name, () => {
        const [histogram, samples] = createHistogram(name, bounds);
        return [histogram, { type: "histogram", help, samples }];
      }),
    render: () =>
      [...families]
        .flatMap(([name, { type, help, samples }]) => [
          `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
          `# TYPE ${name} ${type}`,
          ...samples(),
        ])
        .map((line) => `${line}\n`)
        .join(""),
  };
}

function createHistogram(name: string, bounds: readonly number[]): readonly [Histogram, Samples] {
  const series = new Map<string, { readonly labels: Labels; readonly counts: number[]; sum: number; total: number }>();
  const histogram: Histogram = {
    observe(labels, value) {
      const key = labelText(labels);
      const one = series.get(key) ?? { labels, counts: bounds.map(() => 0), sum: 0, total: 0 };
      series.set(key, one);
      bounds.forEach((bound, i) => {
        one.counts[i] = (one.counts[i] ?? 0) + (value <= bound ? 1 : 0);
      });
      one.sum += value;
      one.total += 1;
    },
  };
  const samples: Samples = () =>
    [...series.values()].flatMap(({ labels, counts, sum, total }) => [
      ...bounds.map((bound, i) => `${name}_bucket${labelText({ ...labels, le: String(bound) })} ${counts[i] ?? 0}`),
      `${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${total}`,
      `${name}_sum${labelText(labels)} ${sum}`,
      `${name}_count${labelText(labels)} ${total}`,
    ]);
  return [histogram, samples];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
