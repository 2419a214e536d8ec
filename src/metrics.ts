/**
 * Serves metrics where the operator wants that (`PAPERCLIP_K8S_METRICS`), once for this process, whichever copy of the
 * package was loaded last. Where it is not set, nothing is loaded.
 */
import { ConfigError } from "./config/config-error.ts";
import { type MetricsAddress, metricsAddress } from "./config/operator.ts";

const KEY = Symbol.for("paperclip-adapter-claude-k8s/metrics");

const log = (message: string): void => console.warn(`[claude_k8s] ${message}`);

export function keepServingMetrics(env: NodeJS.ProcessEnv = process.env): void {
  const holder = globalThis as { [KEY]?: AbortController };
  holder[KEY]?.abort();
  const address = addressIn(env);
  if (!address) return;
  const stop = new AbortController();
  holder[KEY] = stop;
  const { signal } = stop;
  import("./telemetry/prometheus/endpoint.ts")
    .then(({ serveMetrics }) => serveMetrics({ ...address, log, signal }))
    .catch((error: unknown) => log(`Metrics are not served: ${error instanceof Error ? error.message : error}`));
}

/** A wrong value costs the metrics, and no run. */
function addressIn(env: NodeJS.ProcessEnv): MetricsAddress | null {
  try {
    return metricsAddress(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log(`Metrics are not served. ${error.message}`);
    return null;
  }
}
