/** The environment test in a process of its own, to be killed. */
import { testEnvironment } from "../../../src/doctor/test-environment.ts";
import { trustAgents } from "../../support/policy.ts";

process.once("message", (config: Record<string, unknown>) => {
  void testEnvironment({ adapterType: "claude_k8s", config }, { env: {}, readPolicy: trustAgents });
});
// Without its parent nobody kills it.
process.on("disconnect", () => process.exit());
