import type { KubernetesClient } from "../../kubernetes/client.ts";
import { RunFault } from "../shared/run-fault.ts";
import type { Blocked } from "./classify.ts";

/** The fault of a run whose agent's slot is taken. */
export function refusal(client: KubernetesClient, { code, job, why }: Omit<Blocked, "kind">): RunFault {
  const { name = "", namespace } = job.metadata ?? {};
  return new RunFault({
    code,
    message: `${why.charAt(0).toUpperCase()}${why.slice(1)}`,
    fix: `Wait until it ends or stop it. A Job that nobody needs goes with: kubectl -n ${namespace} delete job ${name}`,
    status: null,
    fatal: true,
    at: client.clock.now(),
  });
}
