import type { Job } from "kubernetes-types/batch/v1";
import { afterEach, describe, expect, it } from "vitest";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { refreshToken } from "../../../src/run/claim/refresh-token.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { ApiServer, json, refuse } from "../../kubernetes/support/api-server.ts";
import { LeapingClock } from "../../kubernetes/support/clocks.ts";
import { input } from "../support/plan-input.ts";
import { type JobSpec, jobOf } from "./jobs.ts";

let server: ApiServer | undefined;
afterEach(() => server?.stop());

/** A Job as planned, in a state. */
function planned(spec: JobSpec): Job {
  const { metadata, status = {} } = jobOf(spec);
  const { job } = planRun(input());
  const { template = {} } = job.spec ?? {};
  return {
    metadata: { ...job.metadata, ...metadata, namespace: "runs" },
    spec: { template, suspend: spec.state === "candidate" },
    status,
  };
}

/** Gives `token` to the Job's agent in a cluster where that many Secrets are there already; what was created, and the answer. */
async function give(
  job: Job,
  {
    there = 0,
    refused = false,
    /** Null: they are immutable. */
    mayChange = true as boolean | null,
    token = "new-token" as string | null,
    times = 1,
  } = {},
) {
  const stored = new Map<string, object>();
  for (let number = 1; number <= there; number++) stored.set(`job-token-${number}`, { metadata: {}, data: {} });
  const created: string[] = [];
  const changed: string[] = [];
  server = await ApiServer.start(({ method, url, body }, reply) => {
    if (refused) return refuse(reply, 403, "Forbidden", "secrets is forbidden");
    if (method === "GET") return json(reply, 200, stored.get(url.pathname.split("/").at(-1) ?? "") ?? {});
    if (method === "PATCH") {
      if (mayChange === null) return refuse(reply, 422, "Invalid", "data: field is immutable when `immutable` is set");
      if (!mayChange)
        return refuse(reply, 403, "Forbidden", 'User "p" cannot patch resource "secrets" in API group ""');
      changed.push(`${url.pathname.split("/").at(-1)} ${body}`);
      return json(reply, 200, {});
    }
    const secret = JSON.parse(body) as { metadata: { name: string } };
    const { name } = secret.metadata;
    if (stored.has(name)) return refuse(reply, 409, "AlreadyExists", `"${name}" already exists`);
    stored.set(name, secret);
    created.push(body);
    json(reply, 201, secret);
  });
  const client = new KubernetesClient(await server.cluster(), { clock: new LeapingClock() });
  let problem: string | null = null;
  for (let time = 0; time < times; time++)
    problem = await refreshToken(client, job, { id: "run-2", token }, new AbortController().signal);
  return { created, changed, problem };
}

describe("the token of the run that adopts a Job", () => {
  it("comes in the next Secret that the pod mounts, which goes with the Job", async () => {
    const { created, problem } = await give(planned({ state: "started" }), { there: 1 });
    expect(problem).toBeNull();
    expect(created).toHaveLength(1);
    const secret = JSON.parse(created[0] ?? "") as { data: Record<string, string> };
    expect(secret).toMatchObject({
      immutable: true,
      metadata: { name: "job-token-2", ownerReferences: [{ kind: "Job", name: "job", uid: "uid-of-job" }] },
    });
    expect(Buffer.from(secret.data["token.sh"] ?? "", "base64").toString()).toBe(
      "export PAPERCLIP_API_KEY='new-token'\nexport PAPERCLIP_RUN_ID='run-2'\n",
    );
  });

  it.each<[string, Job, { token?: null }]>([
    ["that has ended", planned({ state: "complete" }), {}],
    ["that never started", planned({ state: "candidate" }), {}],
    ["whose pod mounts none", jobOf({ state: "started" }), {}],
    ["of a host without tokens", planned({ state: "started" }), { token: null }],
  ])("is not given to a Job %s", async (_, job, options) => {
    expect(await give(job, options)).toEqual({ created: [], changed: [], problem: null });
  });

  it("is given once, also when it was given before and nobody knows", async () => {
    const { created, problem } = await give(planned({ state: "started" }), { there: 1, times: 3 });
    expect(problem).toBeNull();
    expect(created).toHaveLength(1);
  });

  it("changes the last one for the ninth take-over and every later one, where that is granted", async () => {
    const { changed, created, problem } = await give(planned({ state: "started" }), { there: 8 });
    expect({ created, problem }).toEqual({ created: [], problem: null });
    expect(changed).toHaveLength(1);
    const [name, body = ""] = changed[0]?.split(/ (.*)/s) ?? [];
    expect(name).toBe("job-token-8");
    const { data } = JSON.parse(body) as { data: Record<string, string> };
    expect(Buffer.from(data["token.sh"] ?? "", "base64").toString()).toContain("export PAPERCLIP_RUN_ID='run-2'");
    await server?.stop();
    const { created: last } = await give(planned({ state: "started" }), { there: 7 });
    expect(JSON.parse(last[0] ?? "")).toMatchObject({ metadata: { name: "job-token-8" }, immutable: false });
  });

  it("says why it was not given, and the run goes on", async () => {
    const job = planned({ state: "started" });
    expect((await give(job, { there: 7 })).problem).toBeNull();
    await server?.stop();
    expect((await give(job, { there: 8, mayChange: false })).problem).toBe(
      "the Job was adopted more than 8 times, and Paperclip may not change Secrets (deploy/rbac.yaml has that right as an option)",
    );
    await server?.stop();
    // As an earlier version made it: of more its pod would see nothing.
    const sources = job.spec?.template.spec?.volumes?.find(({ name }) => name === "token")?.projected?.sources;
    sources?.splice(3);
    expect((await give(job, { there: 3, mayChange: null })).problem).toBe("the Job was adopted more than 3 times");
    await server?.stop();
    expect((await give(job, { refused: true })).problem).toContain("secrets is forbidden");
  });
});
