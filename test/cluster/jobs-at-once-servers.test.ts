/** `limits.jobs` where several processes of Paperclip start runs, and one dies. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { nameOf } from "../../src/run/shared/job-state.ts";
import { ANNOTATIONS } from "../../src/run/shared/names.ts";
import { superviseOnce } from "../../src/run/supervise/supervise.ts";
import { variant } from "../support/variant.ts";
import type { AdapterProcess } from "./support/adapter-process.ts";
import { SERVER_ENV, settingsOf } from "./support/context.ts";
import { LeapingClock, pass } from "./support/leaping-clock.ts";
import { leftovers } from "./support/leftovers.ts";
import { bounded, end, type Line, onTask, runOf, SHORT, useLine, WORKS } from "./support/line.ts";
import { freshId } from "./support/run.ts";

let line: Line;
useLine((made) => {
  line = made;
});

describe("three places, ten tasks, two processes of Paperclip of which one dies", () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "jobs-at-once-"));
    const path = join(folder, "policy.yaml");
    await writeFile(path, "trust: full\nlimits: {jobs: {perNamespace: 3}}\n");
    await chmod(path, 0o444);
    env = { ...SERVER_ENV, PAPERCLIP_K8S_POLICY: path };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("never run more than three, and all of them run", async () => {
    const { place } = line;
    const { paperclip } = place;
    const agentId = `agent-${freshId()}`;
    const dependencies = bounded({ perNamespace: 3 });
    // They have the places until all others are in line.
    const before = [10, 11, 12].map((task) => line.start({ agent: WORKS, dependencies, ...onTask(agentId, task) }));
    await Promise.all(before.map((run) => run.said("ready")));
    const [one, two] = await Promise.all([line.startServer(env), line.startServer(env)]);
    const execute = (server: AdapterProcess, task: number, more: Record<string, unknown> = {}) => {
      const settings = settingsOf(place, { agent: SHORT, agentId, wake: { taskId: `task-${task}`, ...more } });
      paperclip.set(settings.runId, "running");
      const result = server.execute(settings, paperclip.url).then(
        (ended) => {
          paperclip.ended(settings.runId, ended);
          return ended;
        },
        () => null,
      );
      return { runId: settings.runId, task, result };
    };
    const kept = [0, 2, 4, 6, 8].map((task) => execute(one, task));
    const lost = [1, 3, 5, 7, 9].map((task) => execute(two, task));
    await line.untilQueued(10);
    const started = line.sampled.next();
    for (const run of before) run.cancel();
    await started;
    await two.kill("SIGKILL");
    const restarted = await line.startServer(env);
    const isLost = ({ runId }: { readonly runId: string }): boolean => paperclip.status(runId) === "running";
    const continued = lost.filter(isLost).map(({ runId, task }) => {
      paperclip.set(runId, "failed");
      return execute(restarted, task, { retryOfRunId: runId });
    });
    const ended = lost.filter(({ task }) => !continued.some((run) => run.task === task));
    for (const { task, result } of [...kept, ...continued, ...ended])
      expect(await result, `task ${task}`).toMatchObject({ exitCode: 0, errorCode: null });
    expect(line.sampled.most).toBe(3);
    expect(await leftovers(place, { agentId })).toEqual([]);
  }, 240_000);

  variant(
    "keep a lost run's place in the line: its agent is woken, and the next run takes the place",
    async () => {
      const { place } = line;
      const { paperclip, kubeconfig, namespace } = place;
      const agentId = `agent-${freshId()}`;
      const dependencies = bounded({ perAgent: 1 });
      const first = line.start({ agent: WORKS, dependencies, ...onTask(agentId, 0) });
      await first.said("ready");
      const tight = join(folder, "tight.yaml");
      await writeFile(tight, "trust: full\nlimits: {jobs: {perAgent: 1}}\n", { mode: 0o444 });
      const server = await line.startServer({ ...SERVER_ENV, PAPERCLIP_K8S_POLICY: tight });
      const lost = settingsOf(place, { agent: WORKS, ...onTask(agentId, 1) });
      paperclip.set(lost.runId, "running");
      server.execute(lost, paperclip.url).catch(() => undefined);
      const [queued] = await line.untilQueued(1);
      const since = queued?.metadata?.annotations?.[ANNOTATIONS.queued];
      await server.kill("SIGKILL");
      const later = line.start({ agent: WORKS, dependencies, ...onTask(agentId, 2) });
      await later.event("k8s.run.waiting");

      paperclip.set(lost.runId, "interrupted");
      await superviseOnce({
        dependencies: { env: SERVER_ENV, clusters: new ClusterRegistry(), paperclipUrl: () => paperclip.url },
        places: [{ cluster: { kubeconfig }, namespace }],
        tell: () => undefined,
        signal: new AbortController().signal,
      });
      expect(paperclip.wakeups.filter((wakeup) => wakeup.agentId === agentId)).toEqual([
        expect.objectContaining({ agentId, reason: "claude_k8s_job_without_run", payload: { issueId: "task-1" } }),
      ]);

      const again = line.start({ agent: WORKS, dependencies, ...onTask(agentId, 1) });
      const { payload } = await again.event("k8s.run.waiting");
      expect(payload).toMatchObject({ since });
      const order = await line.jobs();
      await end(first);
      for (const job of order) {
        const next = runOf(job, [again, later]);
        await next.said("ready");
        await end(next);
      }
      expect(line.sampled.started.slice(1)).toEqual(order.map(nameOf));
      expect(line.sampled.most).toBe(1);
      expect(await leftovers(place, { agentId })).toEqual([]);
    },
    120_000,
  );

  variant(
    "hold up nobody for long where their server has died, with places reserved or in line",
    async () => {
      const { place } = line;
      const { paperclip, admin, namespace } = place;
      const agentId = `agent-${freshId()}`;
      const clock = new LeapingClock();
      const dependencies = { ...bounded({ perNamespace: 3 }), clusters: new ClusterRegistry({ clock }) };
      const before = [1, 2, 3].map((task) => line.start({ agent: WORKS, dependencies, ...onTask(agentId, task) }));
      await Promise.all(before.map((run) => run.said("ready")));
      const server = await line.startServer(env);
      for (const task of [4, 5, 6, 7]) {
        const lost = settingsOf(place, { agent: WORKS, ...onTask(agentId, task) });
        paperclip.set(lost.runId, "running");
        server.execute(lost, paperclip.url).catch(() => "its server dies");
      }
      const order = await line.untilQueued(4);
      await server.kill("SIGKILL");
      for (const job of order.slice(0, 3)) {
        const annotations = { [ANNOTATIONS.reserved]: "1970-01-01T00:00:00.000Z" };
        await admin.patch(jobs, namespace, nameOf(job), { metadata: { annotations } });
      }
      const me = line.start({ agent: SHORT, dependencies, ...onTask(agentId, 8) });
      await me.event("k8s.run.waiting");
      for (const run of before) await end(run);
      let isOver = false;
      const over = me.result.finally(() => {
        isOver = true;
      });
      while (!isOver) await pass(clock, 0.25);
      expect(await over).toMatchObject({ exitCode: 0, errorCode: null });
      expect((await line.jobs()).map(nameOf)).toEqual(order.map(nameOf));
    },
    120_000,
  );
});
