import { chooseHome, type Home } from "../run/plan/plan.ts";
import type { CheckContext } from "./check.ts";

/** The agent of the test: of the page's own only the configuration is known. */
export const TEST_AGENT = "environment-test";

/** The home of the agent's pods. */
export const homeOf = ({ namespace, agent, hostPod, homeMode, companyId }: CheckContext): Home =>
  chooseHome({
    namespace,
    claim: agent.config.homeClaim,
    hostPod: hostPod.kind === "found" ? hostPod.pod : null,
    mode: homeMode,
    tenant: { companyId, agentId: TEST_AGENT },
  });
