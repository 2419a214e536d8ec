/** What the measured process asks of the cluster. */
import { channel } from "node:diagnostics_channel";
import type { Traffic } from "../../../src/kubernetes/traffic.ts";
import { countTraffic } from "../../../src/run/shared/count-traffic.ts";
import { processTelemetry } from "../../../src/telemetry/process-telemetry.ts";

export class TrafficCount {
  requests: Record<string, number> = {};
  retries = 0;
  creating = 0;
  readonly #open = new Set<object>();

  constructor() {
    channel("undici:request:create").subscribe((message) => {
      const { request } = message as { request: { method: string; path: string } };
      if (request.method !== "POST" || !/^\/apis?\/.*\/namespaces\//.test(request.path)) return;
      this.#open.add(request);
      this.creating = Math.max(this.creating, this.#open.size);
    });
    for (const name of ["undici:request:headers", "undici:request:error"])
      channel(name).subscribe((message) => this.#open.delete((message as { request: object }).request));
  }

  /** For a ClusterRegistry: counts, and counts as in production. */
  get traffic(): Traffic {
    const usual = countTraffic(processTelemetry);
    return {
      ...usual,
      answered: (request, code, ms) => {
        const key = `${request.verb} ${request.resource}`;
        this.requests[key] = (this.requests[key] ?? 0) + 1;
        usual.answered(request, code, ms);
      },
      retried: (request) => {
        this.retries += 1;
        usual.retried(request);
      },
    };
  }

  begin(): void {
    this.requests = {};
    this.retries = 0;
    this.creating = this.#open.size;
  }
}
