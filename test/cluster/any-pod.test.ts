/**
 * Whatever an agent or an operator writes: it is refused with the name of its field, or gives a Job and a pod that the API
 * server takes, with strict validation and the `restricted` level enforced.
 */
import fc from "fast-check";
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { expect, it } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import { ApiError } from "../../src/kubernetes/api-error.ts";
import { jobs, pods } from "../../src/kubernetes/resource-types.ts";
import { govern } from "../../src/policy/policy.ts";
import { planRun } from "../../src/run/plan/run-plan.ts";
import { input } from "../run/support/plan-input.ts";
import { arbitraryTemplate } from "../support/arbitrary-template.ts";
import { policyOf, trusting } from "../support/policy.ts";
import { cases } from "../support/thoroughness.ts";
import type { Place } from "./support/place.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const who = { companyId: "company-1", agentId: "agent-1" };

/** The Job, or why there is none: each problem with a field. */
function jobOf(config: Record<string, unknown>, policy = trusting): Job | ConfigError {
  try {
    const agent = govern({ image: "busybox:1", ...config }, policy, who);
    return planRun(input({ agent, defaultNamespace: place.namespace })).job;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** What the API server has against it; null for nothing. */
async function refusalOf(job: Job): Promise<string | null> {
  const options = { dryRun: true, fieldValidation: "Strict" as const };
  const { metadata, spec } = job.spec?.template ?? {};
  // Classes are looked up, and whether they exist is not the template's.
  const { priorityClassName: _, runtimeClassName: __, serviceAccountName: ___, ...rest } = spec ?? { containers: [] };
  const pod: Pod = { metadata: { ...metadata, name: "try" }, spec: rest };
  try {
    await place.admin.create(jobs, place.namespace, job, options);
    await place.admin.create(pods, place.namespace, pod, options);
    return null;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

async function judge(made: Job | ConfigError): Promise<"refused" | "accepted"> {
  if (made instanceof ConfigError) {
    for (const { field, problem, fix } of made.problems) {
      expect(field).not.toBe("");
      expect(problem).not.toBe("");
      expect(fix).not.toBe("");
    }
    return "refused";
  }
  expect(await refusalOf(made)).toBeNull();
  return "accepted";
}

it("of a pod template", async () => {
  const counts = { refused: 0, accepted: 0 };
  await fc.assert(
    fc.asyncProperty(arbitraryTemplate, async (podTemplate) => {
      counts[await judge(jobOf({ podTemplate }))]++;
    }),
    { numRuns: cases(400, 100) },
  );
  // Neither side is empty: a generator that makes only wrong ones proves nothing.
  expect(counts.accepted).toBeGreaterThan(cases(40, 10));
  expect(counts.refused).toBeGreaterThan(cases(40, 10));
});

const text = fc.oneof(
  fc.constantFrom(
    "a",
    "example.com/a",
    "a b",
    "",
    "500m",
    "1Gi",
    "2",
    "0",
    "-1",
    "1000:2000",
    "cluster",
    "a=b\nc=d",
    "[]",
    "{}",
    "null",
  ),
  fc.string({ maxLength: 12 }),
);
const any = fc.oneof(
  text,
  fc.integer({ min: -5, max: 5000 }),
  fc.dictionary(text, text, { maxKeys: 3 }),
  fc.array(text, { maxLength: 3 }),
);
const KEYS = [
  ...[
    "annotations",
    "labels",
    "nodeSelector",
    "tolerations",
    "priorityClassName",
    "runtimeClassName",
    "imagePullSecrets",
  ],
  ...["runAsUser", "extendedResources", "serviceAccountName", "egress", "homeClaim", "graceSec", "timeoutSec", "image"],
  ...[
    "resources.requests.cpu",
    "resources.limits.memory",
    "resources.limits.ephemeral-storage",
    "resources.limits.nvidia.com/gpu",
  ],
  ...[
    "resources.requests.ephemeral-storage",
    "resources.limits.hugepages-2Mi",
    "imagePullPolicy",
    "ttlSecondsAfterFinished",
  ],
];

it("of every other setting of the pod", async () => {
  const counts = { refused: 0, accepted: 0 };
  const config = fc.dictionary(fc.constantFrom(...KEYS), any, { maxKeys: 2 });
  await fc.assert(
    fc.asyncProperty(config, async (given) => {
      counts[await judge(jobOf(given))]++;
    }),
    { numRuns: cases(400, 100) },
  );
  expect(counts.accepted).toBeGreaterThan(cases(40, 10));
  expect(counts.refused).toBeGreaterThan(cases(40, 10));
});

it("of an operator who lowers the level, below which nothing is left to the API server's luck", async () => {
  const policy = policyOf({ trust: "full", podSecurity: "privileged" });
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(arbitraryTemplate, async (podTemplate) => {
      const made = jobOf({ podTemplate }, policy);
      if (made instanceof ConfigError) refused++;
      // The level of the namespace is another matter: the Job alone.
      else await place.admin.create(jobs, place.namespace, made, { dryRun: true, fieldValidation: "Strict" });
    }),
    { numRuns: cases(100, 50) },
  );
  expect(refused).toBeGreaterThan(cases(10, 5));
});
