/** Holds a Job back until no other Job of the agent can be let go: see elect.ts for why that is certain. */
import type { CallOptions } from "../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { RunPlan } from "../plan/plan.ts";
import { nameOf, runIdOf, taskIdOf } from "../shared/job-state.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { elect } from "./elect.ts";
import { jobsOfAgent } from "./jobs-of-agent.ts";
import { refusal } from "./refusal.ts";

/** Milliseconds that a contender gets to go or to withdraw: it has at most two calls to make. */
const DECIDED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 300;

/**
 * The Job as it was last seen, once it may be let go. `options`: of each look. Throws RunFault when another has the slot,
 * or the signal's reason.
 */
export async function awaitElection(
  client: KubernetesClient,
  plan: Pick<RunPlan, "namespace" | "identity">,
  job: JobInCluster,
  options: CallOptions & { readonly signal: AbortSignal },
): Promise<JobInCluster> {
  const deadline = client.clock.now() + DECIDED_WITHIN_MS;
  for (;;) {
    const found = await jobsOfAgent(client, plan, options);
    const election = elect(job, found);
    if (election.kind === "go") {
      const object = found.find(({ metadata }) => metadata?.uid === job.uid);
      return object ? { ...job, object } : job;
    }
    const { other } = election;
    if (election.kind === "withdraw" || client.clock.now() > deadline) {
      const task = taskIdOf(other);
      const why = `run ${runIdOf(other)}${task ? ` (task ${task})` : ""} of this agent began at the same time as Job ${nameOf(other)}, and an agent runs one Job at a time`;
      throw refusal(client, { code: "k8s_concurrent_run_blocked", job: other, why });
    }
    await client.clock.sleep(LOOK_EVERY_MS, options.signal);
  }
}
