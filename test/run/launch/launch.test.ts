import type { Job } from "kubernetes-types/batch/v1";
import { afterEach, expect, it } from "vitest";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { launch } from "../../../src/run/launch/launch.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { ApiServer, json, refuse } from "../../kubernetes/support/api-server.ts";
import { LeapingClock } from "../../kubernetes/support/clocks.ts";
import { input } from "../support/plan-input.ts";

let server: ApiServer;
afterEach(() => server.stop());

const QUOTA =
  'Operation cannot be fulfilled on resourcequotas "gke-resource-quotas": the object has been modified; please apply your changes to the latest version and try again';

it("tries again where a quota answers creates that race with a conflict", async () => {
  const plan = planRun(input());
  const refused = new Map<string, number>();
  let job: Job = { ...plan.job, metadata: { ...plan.job.metadata, uid: "uid-1", resourceVersion: "1" } };
  server = await ApiServer.start(({ method, url, body }, reply) => {
    const { pathname } = url;
    if (method === "POST") {
      const times = refused.get(pathname) ?? 0;
      refused.set(pathname, times + 1);
      if (times < 2) return refuse(reply, 409, "Conflict", QUOTA);
      return json(reply, 201, pathname.endsWith("/jobs") ? job : (JSON.parse(body) as object));
    }
    if (method === "PATCH") job = { ...job, spec: { ...job.spec, suspend: false } as never };
    const isList = pathname.endsWith("/jobs");
    json(reply, 200, isList ? { kind: "JobList", metadata: { resourceVersion: "2" }, items: [job] } : job);
  });
  const client = new KubernetesClient(await server.cluster(), { clock: new LeapingClock() });
  const launched = await launch(client, plan, null, async () => ({ kind: "ours" }), new AbortController().signal);
  expect(launched).toMatchObject({ kind: "launched", run: { uid: "uid-1" } });
  expect([...refused.values()]).toEqual([3, 3]);
});
