import { expect, it } from "vitest";
import { ApiError } from "../../../src/kubernetes/api-error.ts";
import { adviceFor } from "../../../src/run/shared/api-advice.ts";

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
  ["jobs.batch is forbidden: exceeded quota: team, requested: count/jobs.batch=1", /^The quota in namespace agents/],
  [
    'jobs.batch "j" is forbidden: unable to create new content in namespace agents because it is being terminated',
    /^The namespace is being deleted/,
  ],
  ["admission webhook said no", /^An admission rule/],
])("a refusal is told by the API server's words: %s", (detail, advice) => {
  expect(adviceFor(forbidden(detail))).toMatch(advice);
});
