/** A Paperclip server with nothing in it but the adapter and an operator's policy. It is attacked by all doors, again and again. */
import type { AdapterEnvironmentTestResult, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { testEnvironment } from "../../../src/doctor/test-environment.ts";
import { ClusterRegistry } from "../../../src/kubernetes/cluster-registry.ts";
import { execute } from "../../../src/run/execute.ts";
import { superviseOnce } from "../../../src/run/supervise/supervise.ts";
import { contextOf, type RunSettings } from "../../cluster/support/context.ts";
import { type Cost, measure } from "./measure.ts";

export type Door = "execute" | "test" | "supervise";

export interface Intrusion {
  readonly door: Door;
  readonly settings: RunSettings;
  /** The whole configuration; contextOf() adds nothing to it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly companyId: string;
}

export interface Answer {
  readonly result: AdapterExecutionResult | null;
  readonly test: AdapterEnvironmentTestResult | null;
  readonly cost: Cost;
}

const clusters = new ClusterRegistry();
// Paperclip's record of runs is not what these are about.
const dependencies = { env: process.env, clusters, paperclipUrl: () => null };

process.on("message", (intrusion: Intrusion) => void suffer(intrusion));
process.on("disconnect", () => process.exit());

async function suffer({ door, settings, config, companyId }: Intrusion): Promise<void> {
  const callbacks = { signal: AbortSignal.timeout(60_000), onLog: () => Promise.resolve() };
  const ctx = { ...contextOf(settings, callbacks), config };
  const agent = { ...ctx.agent, companyId };
  const { value, cost } = await measure(async () => {
    switch (door) {
      case "execute":
        return { result: await execute({ ...ctx, agent }, dependencies), test: null };
      case "test": {
        const request = { adapterType: "claude_k8s", companyId, config };
        return { result: null, test: await testEnvironment(request, dependencies) };
      }
      case "supervise":
        await superviseOnce({ dependencies, tell: () => undefined, signal: callbacks.signal });
        return { result: null, test: null };
    }
  });
  process.send?.({ ...value, cost } satisfies Answer);
}
