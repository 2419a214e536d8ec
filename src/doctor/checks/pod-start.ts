import type { Waiting } from "../../run/probe.ts";
import { type PodCheck, problem } from "../check.ts";

/** What kept the probe's pod from starting: image, node, volume, quota, admission, with the cluster's own words. */
export const checkPodStart: PodCheck = ({ probe: { outcome } }) => {
  const waiting = "waiting" in outcome ? outcome.waiting : null;
  if (!waiting) return [];
  const { state, reason, message, fix, patience } = waiting;
  const code = `k8s_pod_${state.replaceAll("-", "_")}`;
  const why = [reason, message].filter(Boolean).join(": ") || "the cluster does not say why";
  // What only time can help may yet come right.
  const level = (patience === "time" || patience === "queue") && outcome.kind === "timed-out" ? "warn" : "error";
  return [problem(level, code, `The pod ${STATES[state]}: ${why}.`, fix ?? SLOW)];
};

const SLOW = "Wait and test again, or look at the pod while the test runs (kubectl describe pod).";

const STATES: Readonly<Record<Waiting["state"], string>> = {
  suspended: "is held back",
  queued: "waits",
  "no-pod": "was not created",
  quota: "finds no room in the namespace's quota",
  admission: "is refused",
  unscheduled: "waits for a node",
  creating: "is being prepared on its node",
  mount: "waits for a volume",
  pulling: "waits for its image, which is being pulled",
  "image-error": "has no image",
  "config-error": "cannot be configured",
  initializing: "waits for an init container",
  ready: "is ready",
  failed: "failed before Claude Code could start",
  gone: "was deleted",
};
