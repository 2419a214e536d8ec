/** Runs the hello probe: one small Job of the agent's own plan. */
import type { ClusterLease } from "../kubernetes/cluster-registry.ts";
import { prepareProbe } from "../run/plan/plan.ts";
import { type ProbeReport, runProbe } from "../run/probe.ts";
import { withTimeout } from "../run/shared/with-timeout.ts";
import type { CheckContext } from "./check.ts";
import { contextOfTest, type TestRequest } from "./context.ts";

const DEFAULT_SEC = 90;
/** Longer than any proxy before Paperclip waits for an answer. */
const MAX_SEC = 600;
/** Seconds beyond its limit for the probe's removal and for calls that are under way. */
const MARGIN_SEC = 30;

/** Seconds from the probe's start to its answer: `helloProbeTimeoutSec`, as Paperclip's own adapters have it. @default 90 */
export function probeLimitSec({ helloProbeTimeoutSec }: Record<string, unknown>): number {
  const seconds = Number(helloProbeTimeoutSec ?? DEFAULT_SEC);
  if (!Number.isFinite(seconds) || seconds <= 0) return DEFAULT_SEC;
  return Math.min(MAX_SEC, Math.max(1, Math.round(seconds)));
}

export async function runHello(
  lease: ClusterLease,
  { agent, hostPod }: CheckContext,
  limitSec: number,
  { config, companyId, deps }: TestRequest,
): Promise<ProbeReport> {
  const { client } = lease;
  const ctx = contextOfTest(companyId, config);
  const plan = await prepareProbe(ctx, agent, client, deps, hostPod, { limitSec });
  return withTimeout(client.clock, (limitSec + MARGIN_SEC) * 1000, runProbe({ lease, plan, limitSec }), {
    outcome: { kind: "timed-out", stage: "launching" },
    facts: null,
    runner: null,
    transcript: null,
    tookSec: limitSec + MARGIN_SEC,
    leftOver: "the cluster does not answer",
  });
}
