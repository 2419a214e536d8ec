import type { Traffic } from "../../kubernetes/traffic.ts";
import type { Meter } from "../../telemetry/telemetry.ts";

/** Counts what is said to clusters, and how they answer. */
export function countTraffic(meter: Meter): Traffic {
  return {
    answered: ({ verb, resource }, code, ms) => {
      meter.add("claude_k8s.api.requests", 1, { verb, resource, code });
      meter.record("claude_k8s.api.request.duration", ms / 1000, { verb });
    },
    retried: ({ verb }) => meter.add("claude_k8s.api.retries", 1, { verb }),
    watchEnded: (resource, reason) => meter.add("claude_k8s.watch.restarts", 1, { resource, reason }),
    relisted: (resource) => meter.add("claude_k8s.watch.relists", 1, { resource }),
  };
}
