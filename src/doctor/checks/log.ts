import { type PodCheck, problem } from "../check.ts";

/** Can the log of a pod be read? It is how an agent's output comes to Paperclip. */
export const checkLog: PodCheck = ({ probe: { outcome, facts, runner, transcript } }) => {
  if (outcome.kind !== "ended" || runner === null || facts) return [];
  const lines = transcript?.lines ?? 0;
  if (lines > 0) return [];
  const message = "The probe's pod ended, and nothing of its log could be read: of runs, only their end will be known.";
  const fix =
    "Check that the API server reaches the node's kubelet (kubectl logs of any pod), and the right to get pods/log.";
  return [problem("error", "k8s_log_unreadable", message, fix)];
};
