import type { Seal } from "../../../runner/seal.ts";
import { parseSeal } from "../../../runner/seal-message.ts";
import type { PodFacts } from "./pod.ts";

/**
 * The seal of a pod; null while there is none. `logged`: the last line of the record's log, which counts where the recorder's
 * own status does not tell of its end yet: the cluster ends it after all other containers of the pod. Where a recorder keeps the record, only its termination message is one: that of
 * the agent's container is the agent's word, and tells no more than how the agent ended, or why it did not start.
 */
export function sealIn(
  { agent, recorder }: Pick<PodFacts, "agent" | "recorder">,
  logged: Seal | null = null,
): Seal | null {
  const own = parseSeal(agent.terminated?.message);
  if (!recorder) return own;
  const ofStatus = parseSeal(recorder.terminated?.message);
  const sealed = ofStatus && !ofStatus.partial ? ofStatus : ((agent.terminated && logged) ?? ofStatus);
  const told = own?.partial ? null : own;
  if (!sealed || sealed.partial) return told && neverStarted(told) ? endOf(told) : sealed;
  return sealed.ending === "unknown" && told ? { ...sealed, ...endOf(told) } : sealed;
}

const neverStarted = ({ ending, exitCode, signal }: Seal): boolean =>
  ending === "not-started" || (ending === "terminated" && exitCode === null && signal === null);

/** No count and no figure. */
function endOf({ v, runner, ending, exitCode, signal, silence, error }: Seal): Seal {
  return {
    ...{ v, runner, ending, exitCode, signal },
    ...(silence ? { silence } : {}),
    ...(error === undefined ? {} : { error }),
  };
}
