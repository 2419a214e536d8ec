/** Obeys what the host asks while a run goes on: to stop the agent, or to leave it to a successor. */
import type { KubernetesClient } from "../kubernetes/client.ts";
import type { LaunchedJob } from "./launch.ts";
import type { RunPlan } from "./plan/plan.ts";
import type { RunRecord } from "./record.ts";
import { stopJob } from "./stop-job.ts";
import { readStopRequest } from "./stop-reason.ts";

export interface StopRequests {
  /** Aborts when the run is left to a successor, or a stopped one does not end: nobody waits for the agent any more. */
  readonly detached: AbortSignal;
  /** Stops the agent on our own account. */
  stop(because: string): void;
}

export interface StopRequestsInput {
  readonly client: KubernetesClient;
  readonly job: LaunchedJob;
  readonly record: RunRecord;
  readonly plan: Pick<RunPlan, "graceSec">;
  /** The host's request; its reason tells what it wants. */
  readonly cancelled: AbortSignal;
  /** The run is over: there is nothing to obey any more. */
  readonly over: AbortSignal;
}

/** Seconds beyond grace that a stopped pod gets to be gone: kubelet and controllers work in steps of a second. */
const STOPPED_WITHIN_SEC = 60;

export function obeyStopRequests(input: StopRequestsInput): StopRequests {
  const { client, job, record, plan, cancelled, over } = input;
  const detached = new AbortController();
  const stopAndWait = async (because: string): Promise<void> => {
    await stopJob(client, job, because, record, over);
    await client.clock.sleep((plan.graceSec + STOPPED_WITHIN_SEC) * 1000, over);
    detached.abort(new Error("the stopped pod did not end in time"));
  };
  const stop = (because: string): void => {
    stopAndWait(because).catch(() => "the run is over");
  };
  const obey = (): void => {
    const request = readStopRequest(cancelled.reason);
    const at = client.clock.now();
    if (request.kind === "detach") {
      record.add({ kind: "act", act: { kind: "detach", reason: request.reason, at } });
      detached.abort(cancelled.reason);
      return;
    }
    record.add({ kind: "act", act: { kind: "cancel", by: "host", reason: request.reason, at } });
    stop(request.reason);
  };
  if (cancelled.aborted) obey();
  else cancelled.addEventListener("abort", obey, { once: true });
  over.addEventListener("abort", () => cancelled.removeEventListener("abort", obey), { once: true });
  return { detached: detached.signal, stop };
}
