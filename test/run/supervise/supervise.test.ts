/** The supervisor on a real API over HTTPS, with a Paperclip that says of each run what the test wants. */

import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "kubernetes-types/batch/v1";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Devcluster, fastTimings, startDevcluster } from "../../../devcluster/src/index.ts";
import { systemClock } from "../../../src/kubernetes/clock.ts";
import { ClusterRegistry } from "../../../src/kubernetes/cluster-registry.ts";
import { Installation, labelOf } from "../../../src/paperclip/installation.ts";
import { tokenVolume } from "../../../src/run/plan/token.ts";
import { signJob } from "../../../src/run/shared/job-signature.ts";
import { jobName } from "../../../src/run/shared/names.ts";
import { PlacesOfRuns } from "../../../src/run/supervise/places/places.ts";
import { type Look, Rounds } from "../../../src/run/supervise/places/rounds.ts";
import { type Place, superviseOnce } from "../../../src/run/supervise/supervise.ts";
import { mintToken, ownerOf, TOKEN_SECRET } from "../../support/run-token.ts";

interface Wakeup {
  readonly path: string;
  readonly token: string | undefined;
  readonly body: Record<string, unknown>;
}

let folder: string;
let cluster: Devcluster;
let paperclip: http.Server;
let url: string;
let records: Record<string, unknown>;
/** Status of the task. */
let taskStatus: string;
let wakeups: Wakeup[];
/** HTTP status that the next wake-ups are answered with. */
let refusals: number[];
/** The only token that Paperclip takes; null: any. */
let goodToken: string | null;
/** Whether its agent is, which Paperclip then says to every token of it. */
let terminated: boolean;
let env: NodeJS.ProcessEnv;
let places: Place[];

const JOB = jobName("agent-1", "run-1");
const TOKEN = tokenOf("run-1");

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "supervisor-"));
  cluster = await startDevcluster({ images: {}, timings: fastTimings });
  records = {};
  taskStatus = "in_progress";
  wakeups = [];
  refusals = [];
  goodToken = null;
  terminated = false;
  ahead = 0;
  paperclip = http.createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
  await once(paperclip, "listening");
  url = `http://127.0.0.1:${(paperclip.address() as AddressInfo).port}`;
  env = { PAPERCLIP_HOME: folder, PAPERCLIP_AGENT_JWT_SECRET: TOKEN_SECRET };
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig);
  places = [{ cluster: { kubeconfig }, namespace: "default" }];
});

afterEach(async () => {
  paperclip.close();
  paperclip.closeAllConnections();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

function tokenOf(runId: string): string {
  return mintToken({ agentId: "agent-1", companyId: "company-1", runId });
}

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const path = new URL(request.url ?? "/", url).pathname;
  const runId = /^\/api\/heartbeat-runs\/(.+)$/.exec(path)?.[1];
  if (terminated) {
    response.writeHead(401, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: "Agent is terminated and cannot authenticate" }));
    return;
  }
  if (goodToken !== null && request.headers.authorization !== `Bearer ${goodToken}`) {
    response.writeHead(401, { "content-type": "application/json" }).end("{}");
    return;
  }
  if (runId) {
    const found = records[runId];
    response.writeHead(found ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(found ?? { error: "not found" }));
    return;
  }
  if (path === "/api/agents/me") {
    const owner = ownerOf(request.headers.authorization?.slice("Bearer ".length) ?? "");
    response.writeHead(owner ? 200 : 401, { "content-type": "application/json" }).end(JSON.stringify(owner ?? {}));
    return;
  }
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ id: path.split("/").at(-1), status: taskStatus }));
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  wakeups.push({ path, token: request.headers.authorization, body: JSON.parse(body) });
  const refusal = refusals.shift();
  if (refusal !== undefined) {
    response.writeHead(refusal, { "content-type": "application/json" }).end("{}");
    return;
  }
  response.writeHead(202, { "content-type": "application/json" }).end(JSON.stringify({ id: "run-2" }));
}

/** As a process leaves it that dies between creating a Job and unsuspending it. */
function held(minutes: number, isSigned = true): void {
  orphan();
  cluster.store.delete("secrets", "default", JOB);
  cluster.store.mutate("jobs", "default", JOB, (job) => {
    delete job.metadata.annotations?.["paperclip.io/started"];
    job.spec = { ...(job.spec as object), suspend: true };
    if (isSigned) sign(job as Job);
  });
  age(minutes);
}

function sign(job: Job): void {
  const installation = new Installation(labelOf("default", null), "default", TOKEN_SECRET);
  job.metadata = { ...job.metadata, labels: { ...job.metadata?.labels, "paperclip.io/instance": installation.label } };
  job.metadata = signJob(job, installation, TOKEN).metadata ?? {};
}

function age(minutes: number): void {
  cluster.store.mutate("jobs", "default", JOB, ({ metadata }) => {
    metadata.creationTimestamp = new Date(Date.now() - minutes * 60_000).toISOString();
  });
}

/** As a version before made it: without label of its Paperclip, hash and signature. */
function orphan(runId = "run-1"): string {
  const name = jobName("agent-1", runId);
  const job = cluster.store.create("jobs", {
    metadata: {
      name,
      namespace: "default",
      labels: {
        "app.kubernetes.io/managed-by": "paperclip",
        "paperclip.io/adapter-type": "claude_k8s",
        "paperclip.io/agent-id": "agent-1",
        "paperclip.io/company-id": "company-1",
      },
      annotations: {
        "paperclip.io/run-id": runId,
        "paperclip.io/task-id": "task-1",
        "paperclip.io/started": "2026-11-22T10:00:00Z",
      },
    },
    // Nothing runs here: the image does not exist.
    spec: {
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [{ name: "claude", image: "nowhere:1" }],
          volumes: [tokenVolume(name)],
        },
      },
      suspend: false,
    },
  });
  secretOf(name, name, job.metadata.uid, { "env.PAPERCLIP_API_KEY": runId === "run-1" ? TOKEN : tokenOf(runId) });
  return name;
}

function secretOf(name: string, owner: string, uid: string, data: Record<string, string>): void {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  const ownerReferences = [{ apiVersion: "batch/v1", kind: "Job", name: owner, uid, controller: true }];
  const metadata = { name, namespace: "default", ownerReferences };
  cluster.store.create("secrets", { metadata, data: Object.fromEntries(encoded) });
}

/** As if the last attempt were that much longer ago. */
function rewindMark(milliseconds: number): void {
  cluster.store.mutate("jobs", "default", JOB, ({ metadata }) => {
    const mark = JSON.parse(metadata.annotations?.["paperclip.io/woken"] ?? "") as { at: number };
    const rewound = JSON.stringify({ ...mark, at: mark.at - milliseconds });
    metadata.annotations = { ...metadata.annotations, "paperclip.io/woken": rewound };
  });
}

function withoutTask(): void {
  cluster.store.mutate("jobs", "default", JOB, ({ metadata }) => {
    delete metadata.annotations?.["paperclip.io/task-id"];
  });
}

const told: string[] = [];
/** Milliseconds that the test's clock is ahead of the machine's. */
let ahead = 0;
const clock = { ...systemClock, now: () => Date.now() + ahead };
/** As another process would; `rounds`: as the same one. */
const look = (more: NodeJS.ProcessEnv = {}, rounds = new Rounds(clock), stop = new AbortController()): Promise<void> =>
  superviseOnce({
    dependencies: { env: { ...env, ...more }, clusters: new ClusterRegistry({ clock }), paperclipUrl: () => url },
    places,
    tell: (message) => told.push(message),
    rounds,
    signal: stop.signal,
  });

describe("superviseOnce", () => {
  it("wakes the agent of a lost run, with its own token and for its task", async () => {
    orphan();
    records["run-1"] = { id: "run-1", status: "interrupted" };
    await look();
    expect(wakeups).toHaveLength(1);
    expect(wakeups[0]).toMatchObject({
      path: "/api/agents/agent-1/wakeup",
      token: `Bearer ${TOKEN}`,
      body: { payload: { issueId: "task-1" }, idempotencyKey: "claude_k8s:run-1" },
    });
    expect(told.at(-1)).toContain("run run-2 is to take it over");
  });

  it("wakes nobody for a task that is over, keeps the Job, and wakes when the task is taken up again", async () => {
    orphan();
    records["run-1"] = { id: "run-1", status: "failed" };
    for (taskStatus of ["done", "cancelled"]) {
      await look();
      expect(wakeups).toEqual([]);
      expect(told.at(-1)).toContain(`its task task-1 is ${taskStatus}: nobody is woken`);
    }
    expect(cluster.store.get("jobs", "default", JOB)).toBeDefined();
    taskStatus = "in_progress";
    await look();
    expect(wakeups).toHaveLength(1);
  });

  it("looks with one request where nothing is lost, and for Jobs of versions before as long as there are any", async () => {
    const lists = () => [...cluster.requests].filter(({ path }) => path.endsWith("/jobs")).length;
    await look();
    expect(lists()).toBe(2);
    await look();
    await look();
    expect(lists()).toBe(4);
  });

  it("wakes once, however many processes look, at the same time and again", async () => {
    orphan();
    records["run-1"] = { id: "run-1", status: "failed" };
    await Promise.all([look(), look(), look(), look()]);
    await look();
    expect(wakeups).toHaveLength(1);
  });

  it("touches nothing of a run that is alive, unknown, or that Paperclip has continued itself", async () => {
    orphan();
    records["run-1"] = { id: "run-1", status: "running" };
    await look();
    delete records["run-1"];
    await look();
    records["run-1"] = { id: "run-1", status: "failed", execution: { successorRunId: "run-2" } };
    records["run-2"] = { id: "run-2", status: "scheduled_retry" };
    await look();
    expect(wakeups).toEqual([]);
    const methods = new Set([...cluster.requests].map(({ method }) => method));
    expect([...methods]).toEqual(["GET"]);
  });

  it("stops the agent of a run that was cancelled while nobody watched", async () => {
    orphan();
    records["run-1"] = { id: "run-1", status: "cancelled" };
    await look();
    expect(wakeups).toEqual([]);
    expect(cluster.store.get("jobs", "default", JOB)).toMatchObject({
      spec: { suspend: true },
      metadata: { annotations: { "paperclip.io/stopped": expect.stringContaining("cancelled") } },
    });
  });

  it("removes a Job that was never unsuspended and has no Secret, when it is old enough, and each of several processes may", async () => {
    held(50);
    await look();
    expect(cluster.store.get("jobs", "default", JOB)).toBeDefined();
    age(70);
    await Promise.all([look(), look({ PAPERCLIP_K8S_AUTO_RECOVERY: "off" })]);
    expect(cluster.store.get("jobs", "default", JOB)).toBeUndefined();
    expect(told.filter((message) => message.includes("could not"))).toEqual([]);
  });

  it("leaves a Job that was never unsuspended and that nobody signed to the operator", async () => {
    held(70, false);
    const before = told.length;
    await look();
    await look();
    expect(cluster.store.get("jobs", "default", JOB)).toBeDefined();
    expect(told.slice(before)).toEqual([expect.stringContaining(`kubectl -n default delete job ${JOB}`)]);
  });

  it("does not remove it when it was unsuspended in that very moment", async () => {
    held(70);
    const fault = cluster.faults.add({ match: { method: "DELETE" }, action: { kind: "delay", milliseconds: 300 } });
    const looking = look();
    while (fault.hits === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    cluster.store.mutate("jobs", "default", JOB, (job) => {
      job.spec = { ...(job.spec as object), suspend: false };
    });
    await looking;
    expect(cluster.store.get("jobs", "default", JOB)).toMatchObject({ spec: { suspend: false } });
  });

  it("wakes the agent of a lost run that had no task, and names that run in the only words that get through", async () => {
    orphan();
    withoutTask();
    records["run-1"] = { id: "run-1", status: "failed" };
    await Promise.all([look(), look()]);
    expect(wakeups).toHaveLength(1);
    expect(wakeups[0]?.body).toEqual({
      source: "automation",
      triggerDetail: "system",
      reason: "claude_k8s_job_without_run:run-1",
      idempotencyKey: "claude_k8s:run-1",
    });
  });

  it("wakes all the same when the answer to its own mark is lost", async () => {
    orphan();
    records["run-1"] = { id: "run-1", status: "failed" };
    const match = { method: "PATCH", path: /\/jobs\// };
    const fault = cluster.faults.add({ match, action: { kind: "drop", when: "after" }, count: 1 });
    await look();
    expect(fault.hits).toBe(1);
    expect(wakeups).toHaveLength(1);
  });

  it("tries soon again when Paperclip did not hear it, also for a run without a task", async () => {
    orphan();
    withoutTask();
    records["run-1"] = { id: "run-1", status: "failed" };
    refusals = [503];
    await look();
    expect(told.at(-1)).toMatch(/could not be woken: Paperclip answered with 503/);
    await look();
    expect(wakeups).toHaveLength(1);
    rewindMark(11_000);
    await look();
    expect(wakeups).toHaveLength(2);
    expect(told.at(-1)).toContain("run run-2 is to take it over");
  });

  it("asks with the newest token of an adopted Job: the first one is good for 48 hours", async () => {
    const adopted = orphan();
    const { uid } = cluster.store.get("jobs", "default", adopted)?.metadata ?? { uid: "" };
    cluster.store.mutate("jobs", "default", adopted, ({ metadata }) => {
      metadata.annotations = { ...metadata.annotations, "paperclip.io/run-id": "run-1b" };
    });
    const tokenNumber = (number: number, token: string): void => {
      const script = `export PAPERCLIP_API_KEY=${token}\nexport PAPERCLIP_RUN_ID='run-1'\n`;
      secretOf(`${adopted}-token-${number}`, adopted, uid, { "token.sh": script });
    };
    tokenNumber(1, "'older'");
    tokenNumber(2, "'it'\\''s new'");
    records["run-1b"] = { id: "run-1b", status: "failed" };
    goodToken = "it's new";
    await look();
    expect(wakeups).toMatchObject([{ token: "Bearer it's new" }]);
  });

  it("says once that Paperclip takes no token of a Job, and what to do, when that has lasted for a minute", async () => {
    const name = orphan();
    records["run-1"] = { id: "run-1", status: "failed" };
    goodToken = "another";
    const before = told.length;
    await look();
    ahead = 59_000;
    await look();
    expect(told.slice(before)).toEqual([]);
    ahead = 61_000;
    await look();
    await look();
    expect(told.slice(before)).toEqual([
      expect.stringMatching(
        new RegExp(`^Job ${name} of run run-1 is left alone: .*\\(401\\).*kubectl -n default delete job ${name}$`),
      ),
    ]);
  });

  it("does not count a denial that was taken back in between: a server that starts refuses what it will soon allow", async () => {
    orphan();
    records["run-1"] = { id: "run-1", status: "running" };
    const before = told.length;
    for (const [token, at] of [
      ["another", 0],
      [null, 50_000],
      ["another", 100_000],
    ] as const) {
      goodToken = token;
      ahead = at;
      await look();
    }
    expect(told.slice(before)).toEqual([]);
  });

  it("stops the agent of a lost run that was terminated, and tells of no token", async () => {
    orphan();
    records["run-1"] = { id: "run-1", status: "failed" };
    terminated = true;
    const before = told.length;
    await look();
    ahead = 70_000;
    await look();
    expect(cluster.store.get("jobs", "default", JOB)).toMatchObject({
      spec: { suspend: true },
      metadata: { annotations: { "paperclip.io/stopped": "its agent is terminated in Paperclip" } },
    });
    expect(told.slice(before)).toEqual([`Stopping Job ${JOB} of run run-1: its agent is terminated in Paperclip`]);
    expect(wakeups).toEqual([]);
  });

  it("is not held up by a cluster that does not answer: the others have their next rounds", async () => {
    const silent = http.createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const kubeconfig = join(folder, "silent");
    await writeFile(kubeconfig, cluster.kubeconfig.replace(/server: .*/, `server: http://127.0.0.1:${port}`));
    places.unshift({ cluster: { kubeconfig }, namespace: "default" });
    const rounds = new Rounds(clock);
    const stop = new AbortController();
    const stuck = look({}, rounds, stop);
    orphan();
    records["run-1"] = { id: "run-1", status: "failed" };
    // The first one may be at the other place still.
    while (wakeups.length === 0) {
      await look({}, rounds);
      await new Promise((resolve) => setImmediate(resolve));
    }
    stop.abort();
    silent.closeAllConnections();
    silent.close();
    await stuck;
  }, 15_000);

  it("is not held up by Jobs whose agents take their time to stop", async () => {
    const stubborn = Array.from({ length: 20 }, (_, number) => `stubborn-${number}`);
    const names = stubborn.map((runId) => {
      records[runId] = { id: runId, status: "cancelled" };
      return orphan(runId);
    });
    orphan();
    records["run-1"] = { id: "run-1", status: "failed" };
    await look();
    expect(wakeups).toHaveLength(1);
    for (const name of names)
      expect(cluster.store.get("jobs", "default", name)).toMatchObject({ spec: { suspend: true } });
  });

  it("wakes nobody when the operator turned it off, and says once on the task's page what to do", async () => {
    orphan();
    records["run-1"] = { id: "run-1", status: "failed" };
    const off = { PAPERCLIP_K8S_AUTO_RECOVERY: "off" };
    await Promise.all([look(off), look(off)]);
    await look(off);
    expect(wakeups).toHaveLength(1);
    expect(wakeups[0]).toMatchObject({ path: "/api/issues/task-1/comments", token: `Bearer ${TOKEN}` });
    expect(wakeups[0]?.body.body).toContain('/api/issues/task-1"\n');
    expect(wakeups[0]?.body.body).toContain("$task/recovery-actions/resolve");
    expect(wakeups[0]?.body.body).toContain("kubectl -n default delete job ");
    expect(told.at(-1)).toContain("task task-1 says what to do");
  });

  it("says it in the log alone when the lost run had no task", async () => {
    orphan();
    withoutTask();
    records["run-1"] = { id: "run-1", status: "failed" };
    await look({ PAPERCLIP_K8S_AUTO_RECOVERY: "off" });
    expect(wakeups).toEqual([]);
    expect(told.at(-1)).toContain('/api/agents/agent-1/wakeup with {"reason":"claude_k8s_job_without_run:run-1"}');
  });

  it("goes on past a place that it cannot reach", async () => {
    orphan();
    records["run-1"] = { id: "run-1", status: "failed" };
    places.unshift({ cluster: { kubeconfig: "/nowhere/config" }, namespace: null });
    await look();
    expect(wakeups).toHaveLength(1);
  });
});

describe("the rounds of a process", () => {
  const NAMED = { cluster: { kubeconfig: "/a" }, namespace: null };

  /** At which seconds a place is looked at in half an hour, each look ending as given. */
  async function looksAt(look: Look): Promise<number[]> {
    let seconds = 0;
    const rounds = new Rounds({ now: () => seconds * 1000 });
    const looks: number[] = [];
    for (; seconds < 1800; seconds += 15)
      await rounds.lookAt(NAMED, async () => {
        looks.push(seconds);
        return look;
      });
    return looks;
  }

  it("go to each place that has Jobs of ours or is named, and rarely to one that nobody named", async () => {
    expect(await looksAt({ found: 0, named: true })).toHaveLength(120);
    expect(await looksAt({ found: 1, named: false })).toHaveLength(120);
    expect(await looksAt({ found: null, named: true })).toHaveLength(120);
    expect(await looksAt({ found: 0, named: false })).toEqual([0, 600, 1200]);
    expect(await looksAt({ found: null, named: false })).toEqual([0, 15, 45, 105, 225, 465, 945, 1545]);
  });
});

describe("the places of runs", () => {
  const place = (namespace: string): Place => ({ cluster: { kubeconfig: "/a" }, namespace });

  it("are remembered once each, the newest first, within a bound", () => {
    const places = new PlacesOfRuns();
    for (const namespace of ["n", "n", "m"]) places.add(place(namespace));
    places.add({ ...place("n"), cluster: { kubeconfig: "/a", context: "other" } });
    expect(places.all.map(({ namespace }) => namespace)).toEqual(["n", "m", "n"]);
    for (let number = 0; number < 200; number++) places.add(place(`n-${number}`));
    expect(places.all).toHaveLength(50);
    expect(places.all[0]).toEqual(place("n-199"));
  });
});
