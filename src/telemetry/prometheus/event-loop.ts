/** How late this process is: what blocks the server's event loop holds up every run's lines and answers. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Gauge, type Registry } from "prom-client";

/** Names and meaning are OpenTelemetry's for Node.js; what is in a histogram of Node's is nanoseconds. */
export const EVENT_LOOP = {
  nodejs_eventloop_delay_mean_seconds: "Mean delay of the event loop since it was last asked for.",
  nodejs_eventloop_delay_p99_seconds: "99th percentile of the delay of the event loop since it was last asked for.",
  nodejs_eventloop_delay_max_seconds: "Longest delay of the event loop since it was last asked for.",
} as const;

/** Milliseconds between two looks at the clock. */
const RESOLUTION_MS = 20;

/** Returns the way to stop. */
export function watchEventLoop(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const gauge = (name: keyof typeof EVENT_LOOP, collect?: (gauge: Gauge) => void): Gauge =>
    new Gauge({
      name,
      help: EVENT_LOOP[name],
      registers: [registry],
      ...(collect && {
        collect() {
          collect(this);
        },
      }),
    });
  // Its timer fires each 20 ms: that is no delay.
  const seconds = (nanoseconds: number): number =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1e3) : 0;
  const p99 = gauge("nodejs_eventloop_delay_p99_seconds");
  const max = gauge("nodejs_eventloop_delay_max_seconds");
  gauge("nodejs_eventloop_delay_mean_seconds", (mean) => {
    mean.set(seconds(delay.mean));
    p99.set(seconds(delay.percentile(99)));
    max.set(seconds(delay.max));
    delay.reset();
  });
  return () => delay.disable();
}
