import { chooseHome, type Home } from "../run/plan/plan.ts";
import type { CheckContext } from "./check.ts";

/** The home of the agent's pods. */
export const homeOf = ({ namespace, agent, hostPod }: CheckContext): Home =>
  chooseHome(namespace, agent.config.homeClaim, hostPod.kind === "found" ? hostPod.pod : null);
