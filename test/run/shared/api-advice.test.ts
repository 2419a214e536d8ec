import { expect, it } from "vitest";
import { ApiError } from "../../../src/kubernetes/api-error.ts";
import { adviceFor, faultOf } from "../../../src/run/shared/api-advice.ts";

const forbidden = (detail: string): ApiError =>
  new ApiError({
    kind: "status",
    request: { verb: "create", resource: "jobs", namespace: "agents" },
    status: 403,
    reason: "Forbidden",
    detail,
  });

it.each([
  ['jobs.batch is forbidden: User "x" cannot create resource "jobs" in API group "batch"', /^Grant the verb "create"/],
  [
    "jobs.batch is forbidden: exceeded quota: team, requested: count/jobs.batch=1",
    /^Raise the quota in namespace agents/,
  ],
  [
    'jobs.batch "j" is forbidden: unable to create new content in namespace agents because it is being terminated',
    /^Set another namespace/,
  ],
  ["admission webhook said no", /^Change what the message names, or the cluster's policy/],
])("a refusal is told by the API server's words: %s", (detail, advice) => {
  expect(adviceFor(forbidden(detail))).toMatch(advice);
});

it("a policy that denies with 400 is told as one, and is not worth another try", () => {
  const denied = new ApiError({
    kind: "status",
    request: { verb: "create", resource: "jobs" },
    status: 400,
    detail: 'admission webhook "validate.kyverno.svc-fail" denied the request: labels are required',
  });
  expect(adviceFor(denied)).toMatch(/^Change what the message names, or the cluster's policy/);
  expect(faultOf(denied, { code: "k8s_job_create_failed", doing: "x", at: 0 }).transient).toBe(false);
});

it.each([
  ["unreachable", undefined, true],
  ["timeout", undefined, true],
  ["status", 503, true],
  ["status", 429, true],
  ["status", 403, false],
  ["status", 422, false],
  ["credentials", undefined, true],
] as const)("%s %s is transient: %s", (kind, status, transient) => {
  const error = new ApiError({ kind, request: { verb: "create", resource: "jobs" }, status, detail: "x" });
  expect(faultOf(error, { code: "k8s_job_create_failed", doing: "x", at: 0 }).transient).toBe(transient);
});

it("a credential that is missing for good is not transient", () => {
  const request = { verb: "create", resource: "jobs" };
  const error = new ApiError({ kind: "credentials", request, detail: "x", transient: false });
  expect(faultOf(error, { code: "k8s_job_create_failed", doing: "x", at: 0 }).transient).toBe(false);
});
