import { ApiError } from "../src/kubernetes/api-error.ts";
import { KubeconfigError } from "../src/kubernetes/config/kubeconfig-error.ts";
import { DemoError } from "./demo-error.ts";
import type { DemoEvent } from "./demo-event.ts";

/** Tells an expected failure in words; undefined for a bug, whose stack is what helps. */
export function failureEvent(error: unknown): Extract<DemoEvent, { event: "failure" }> | undefined {
  if (error instanceof DemoError)
    return { event: "failure", sentence: error.message, evidence: error.evidence, fix: error.fix };
  if (error instanceof KubeconfigError)
    return { event: "failure", sentence: error.message, evidence: [], fix: error.fix };
  if (error instanceof ApiError)
    return {
      event: "failure",
      sentence: error.message,
      evidence: [`${error.verb} ${error.resource}: ${error.detail}`],
      fix: "Check with `kubectl --kubeconfig FILE get jobs` that this user can reach the cluster and use its Jobs.",
    };
  return undefined;
}
