import { chooseHome, type Home } from "../run/plan/plan.ts";
import type { CheckContext } from "./check.ts";

/** The agent of the environment test: the page has a configuration, and no agent yet. */
export const ENVIRONMENT_TEST = "environment-test";

/** The home of the agent's pods. */
export const homeOf = ({ namespace, agent, hostPod, companyId }: CheckContext): Home =>
  chooseHome({
    namespace,
    claim: agent.config.homeClaim,
    hostPod: hostPod.kind === "found" ? hostPod.pod : null,
    mode: agent.policy.home,
    tenant: { companyId, agentId: ENVIRONMENT_TEST },
  });
