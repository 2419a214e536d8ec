/** Holds a Job back until no other Job of the agent can be let go: see contend.ts for why that is certain. */
import type { CallOptions } from "../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { LaunchedJob } from "../shared/launched-run.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { jobsOfAgent, refusal } from "./claim.ts";
import { contend } from "./elect.ts";
import { nameOf, runIdOf, taskIdOf } from "../shared/job-state.ts";

/** Milliseconds that a contender gets to go or to withdraw: it has at most two calls to make. */
const DECIDED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 300;

/**
 * The Job as it was last seen, once it may be let go. `options`: of each look. Throws RunFault when another has the slot,
 * or the signal's reason.
 */
export async function awaitTurn(
  client: KubernetesClient,
  plan: Pick<RunPlan, "namespace" | "identity">,
  job: LaunchedJob,
  options: CallOptions & { readonly signal: AbortSignal },
): Promise<LaunchedJob> {
  const deadline = client.clock.now() + DECIDED_WITHIN_MS;
  for (;;) {
    const found = await jobsOfAgent(client, plan, options);
    const contention = contend(job, found);
    if (contention.kind === "go") {
      const object = found.find(({ metadata }) => metadata?.uid === job.uid);
      return object ? { ...job, object } : job;
    }
    const { other } = contention;
    if (contention.kind === "withdraw" || client.clock.now() > deadline) {
      const task = taskIdOf(other);
      const why = `run ${runIdOf(other)}${task ? ` (task ${task})` : ""} of this agent began at the same time as Job ${nameOf(other)}, and an agent runs one Job at a time`;
      throw refusal(client, { code: "k8s_concurrent_run_blocked", job: other, why });
    }
    await client.clock.sleep(LOOK_EVERY_MS, options.signal);
  }
}
