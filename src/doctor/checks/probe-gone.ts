import { type PodCheck, problem } from "../check.ts";

/** Is the probe's Job removed again? */
export const checkProbeGone: PodCheck = ({ probe: { leftOver } }) =>
  leftOver === null
    ? []
    : [
        problem(
          "warn",
          "k8s_probe_left",
          `The probe's Job could not be removed: ${leftOver}.`,
          "Nothing needs to be done: the cluster ends and removes it, or the next test does.",
        ),
      ];
