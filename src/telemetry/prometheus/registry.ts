/** The instruments as Prometheus' own client keeps them. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type Instrument, knownLabels } from "../instrument.ts";
import { INSTRUMENTS, type InstrumentName } from "../instruments.ts";
import type { MetricSink } from "../telemetry.ts";
import { prometheusName } from "./metric-name.ts";

export interface PrometheusRegistry {
  readonly registry: Registry;
  readonly sink: MetricSink;
}

export function createRegistry(): PrometheusRegistry {
  const registry = new Registry();
  const added = new Map<InstrumentName, Counter | Gauge>();
  const recorded = new Map<InstrumentName, Histogram>();
  for (const [key, instrument] of Object.entries(INSTRUMENTS) as [InstrumentName, Instrument][]) {
    const metric = create(registry, key, instrument);
    const known = knownLabels(instrument.labels);
    if (metric instanceof Histogram) {
      recorded.set(key, metric);
      for (const labels of known ?? []) metric.zero(labels);
    } else {
      added.set(key, metric);
      for (const labels of known ?? []) metric.inc(labels, 0);
    }
  }
  return {
    registry,
    sink: {
      add: (name, amount, labels) => added.get(name)?.inc({ ...labels }, amount),
      record: (name, value, labels) => recorded.get(name)?.observe({ ...labels }, value),
    },
  };
}

function create(registry: Registry, key: InstrumentName, instrument: Instrument): Counter | Gauge | Histogram {
  const common = {
    name: prometheusName(key, instrument),
    help: instrument.description,
    labelNames: Object.keys(instrument.labels),
    registers: [registry],
  };
  switch (instrument.kind) {
    case "counter":
      return new Counter(common);
    case "updown":
      return new Gauge(common);
    case "histogram":
      return new Histogram({ ...common, buckets: [...instrument.buckets] });
  }
}
