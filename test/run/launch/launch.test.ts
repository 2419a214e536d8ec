import type { Job } from "kubernetes-types/batch/v1";
import { afterEach, expect, it } from "vitest";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { launch } from "../../../src/run/launch/launch.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { ApiServer, json, refuse } from "../../kubernetes/support/api-server.ts";
import { LeapingClock } from "../../kubernetes/support/clocks.ts";
import { policyOf } from "../../support/policy.ts";
import { agentOf, input } from "../support/plan-input.ts";

let server: ApiServer;
afterEach(() => server.stop());

const QUOTA =
  'Operation cannot be fulfilled on resourcequotas "gke-resource-quotas": the object has been modified; please apply your changes to the latest version and try again';

it("refuses to start a recorder that the cluster would not run as a sidecar, and takes the Job back", async () => {
  const policy = policyOf({ trust: "full", recorder: "separate" });
  const plan = planRun(input({ agent: agentOf({ image: "img:1" }, policy) }));
  const job = structuredClone({ ...plan.job, metadata: { ...plan.job.metadata, uid: "uid-1", resourceVersion: "1" } });
  for (const init of job.spec?.template.spec?.initContainers ?? []) Reflect.deleteProperty(init, "restartPolicy");
  const calls: string[] = [];
  server = await ApiServer.start(({ method, url }, reply) => {
    calls.push(`${method} ${url.pathname.split("/").slice(-2).join("/")}`);
    json(reply, method === "POST" ? 201 : 200, job);
  });
  const client = new KubernetesClient(await server.cluster(), { clock: new LeapingClock() });
  const ours = async () => ({ kind: "ours" }) as const;
  await expect(launch(client, plan, null, ours, new AbortController().signal)).rejects.toThrow(
    /no sidecar containers \(Kubernetes 1.29 or newer\), which a recorder of its own needs/,
  );
  expect(calls).toContain(`DELETE jobs/${plan.name}`);
  expect(calls.join()).not.toContain("secrets");
});

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
