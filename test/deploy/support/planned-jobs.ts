/** What the adapter plans for agents of several kinds. */

import type { PlanInput } from "../../../src/run/plan/plan-input.ts";
import { planProbe } from "../../../src/run/plan/probe-plan.ts";
import { planRun, type RunPlan } from "../../../src/run/plan/run-plan.ts";
import { agentOf, everything, hostPod, input } from "../../run/support/plan-input.ts";
import { policyOf } from "../../support/policy.ts";

const defaultNamespace = "claude-agents";
const nothingSet = input({ defaultNamespace });

const inputs: Readonly<Record<string, PlanInput>> = {
  "that sets nothing but an image": nothingSet,
  "with everything that Paperclip gives": input({ defaultNamespace, bundle: everything() }),
  "that shares what it has with others": input({
    defaultNamespace,
    scripts: { "start.sh": "#!/bin/sh", "runner.mjs": "/".repeat(5000) },
  }),
  "with a claim and the agents' service account": input({
    defaultNamespace,
    config: { homeClaim: "claude-ada", serviceAccountName: "claude-agent", timeoutSec: 60, labels: { team: "a" } },
  }),
  "whose record is kept by a container of its own": input({
    defaultNamespace,
    agent: agentOf({ image: "img:1" }, policyOf({ trust: "full", recorder: "separate" })),
  }),
  "with an egress profile, hardened beyond restricted": input({
    defaultNamespace,
    agent: agentOf(
      { image: "img:1", egress: "model-only" },
      policyOf({
        trust: "full",
        recorder: "separate",
        pod: {
          hostUsers: false,
          readOnlyRootFilesystem: true,
          appArmorProfile: "RuntimeDefault",
          supplementalGroupsPolicy: "Strict",
        },
      }),
    ),
  }),
  "that takes over from Paperclip's pod": input({
    defaultNamespace,
    hostPod: { ...hostPod, namespace: defaultNamespace },
    config: { image: null },
  }),
};

/** A run's and a probe's, of each kind of agent. */
export const plans: readonly (readonly [string, RunPlan])[] = Object.entries(inputs).flatMap(([what, given]) => [
  [`the run of an agent ${what}`, planRun(given)] as const,
  [`the hello probe of an agent ${what}`, planProbe(given, { limitSec: 90 })] as const,
]);

export const defaultPlan = planRun(nothingSet);
