/** The clean-up ends although the cluster takes no deletion for a while, and removes nothing but what is the run's own. */
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, it } from "vitest";
import type { Devcluster } from "../../devcluster/src/index.ts";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { ANNOTATIONS, LABELS } from "../../src/run/shared/names.ts";
import { superviseOnce } from "../../src/run/supervise/supervise.ts";
import { eventually } from "../kubernetes/support/eventually.ts";
import { variant } from "../support/variant.ts";
import { freshId } from "./support/context.ts";
import { jobManifestOf } from "./support/held-job.ts";
import { copiesIn, furnishHostPod, privateHomeOf } from "./support/host-pod.ts";
import { leftovers, objectsOf } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { onDevcluster, useDevcluster } from "./support/use-place.ts";

let place: Place;
let devcluster: Devcluster;
let env: NodeJS.ProcessEnv & { readonly PAPERCLIP_HOME?: string } = {};
useDevcluster((opened, cluster) => {
  place = opened;
  devcluster = cluster;
});
afterEach(() => devcluster.faults.clear());

const DELETIONS = { method: "DELETE", path: /\/jobs\// };
const refuseDeletions = () => devcluster.faults.add({ match: DELETIONS, action: { kind: "respond", code: 500 } });
const STOPPABLE = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
const jobsOf = async (run: { readonly agentId: string }) =>
  (await place.admin.list(jobs, place.namespace, { labelSelector: `${LABELS.agentId}=${run.agentId}` })).items;

onDevcluster("a clean-up that the cluster refuses", () => {
  it("after a Stop goes on when the result is out, until nothing is left", async () => {
    const run = startRun(place, { agent: STOPPABLE });
    await run.said("ready");
    refuseDeletions();
    run.cancel();
    expect(await run.result).toMatchObject({ errorCode: "cancelled" });
    expect(run.statuses.join("\n")).toMatch(/could not be deleted yet, the adapter goes on trying: .*500/);
    expect(await objectsOf(place, run)).not.toEqual([]);
    devcluster.faults.clear();
    expect(await leftovers(place, run)).toEqual([]);
  });

  variant(
    "of a Job that was never started goes on as well",
    async () => {
      devcluster.faults.add({ match: { method: "POST", path: /\/secrets$/ }, action: { kind: "respond", code: 503 } });
      refuseDeletions();
      const run = startRun(place, { agent: STOPPABLE });
      await expect.poll(async () => (await jobsOf(run)).length, { timeout: 30_000 }).toBe(1);
      run.cancel();
      // Nothing runs, and nobody can say so as long as the Job could not be taken back.
      expect((await run.result).errorCode).not.toBeNull();
      expect(await jobsOf(run)).toHaveLength(1);
      devcluster.faults.clear();
      expect(await leftovers(place, run)).toEqual([]);
    },
    60_000,
  );

  it("in Paperclip's server, where the outcome is on record, goes on as well", async () => {
    const fault = refuseDeletions();
    const dependencies = { env: { PAPERCLIP_LISTEN_PORT: "3100" } };
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}`, dependencies });
    expect(await run.result).toMatchObject({ exitCode: 0 });
    // More than the first call repeats by itself.
    await eventually(() => fault.hits > 12, "refusals", 60_000);
    devcluster.faults.clear();
    expect(await leftovers(place, run)).toEqual([]);
  });

  variant("marks a kept Job later", async () => {
    const agent = `cat >/dev/null; ${INIT}; ${RESULT}; sleep 0.5`;
    const run = startRun(place, { agent, config: { retainJobs: true } });
    await run.said("all done");
    const match = { method: "PATCH", path: /\/jobs\// };
    devcluster.faults.add({ match, action: { kind: "respond", code: 500 } });
    expect(await run.result).toMatchObject({ exitCode: 0 });
    expect(run.statuses.join("\n")).toMatch(/could not be marked yet/);
    devcluster.faults.clear();
    await expect
      .poll(async () => (await jobsOf(run))[0]?.metadata.annotations?.[ANNOTATIONS.collected], { timeout: 30_000 })
      .toBe(run.runId);
  });
});

onDevcluster("the runner's copies on Paperclip's volume", () => {
  const look = async (): Promise<void> => {
    const own = { ...env, PAPERCLIP_LISTEN_PORT: "3100" };
    const { kubeconfig, namespace } = place;
    await superviseOnce({
      dependencies: { env: own, clusters: new ClusterRegistry(), paperclipUrl: () => place.paperclip.url },
      places: [{ cluster: { kubeconfig }, namespace }],
      tell: () => undefined,
      signal: new AbortController().signal,
    });
  };

  it("go with their Job; what another program's Job names as its copy stays", async () => {
    env = await furnishHostPod(place);
    const victim = join(tmpdir(), `victim-${freshId()}`);
    await writeFile(victim, "precious");
    const agentId = `agent-${freshId()}`;
    const lost = `run-${freshId()}`;
    place.paperclip.set(lost, "failed");
    const forged = jobManifestOf(place, { agentId, runId: lost, suspend: false, signed: false });
    for (const container of forged.spec?.template.spec?.containers ?? [])
      container.command = ["sh", "-c", "exit 0", "x", victim];
    await place.admin.create(jobs, place.namespace, forged);
    const agent = `cat >/dev/null; ${INIT}; ${RESULT}`;
    const run = startRun(place, { agent, agentId, dependencies: { env } });
    expect(await run.result).toMatchObject({ exitCode: 0 });
    expect(run.events.map(({ eventType }) => eventType)).not.toContain("k8s.job.adopted");
    expect(await readFile(victim, "utf8")).toBe("precious");
    await rm(victim);
    const [stays] = await jobsOf({ agentId });
    await place.admin.delete(jobs, place.namespace, stays?.metadata.name ?? "");
    expect(await leftovers(place, { agentId })).toEqual([]);

    const next = startRun(place, { agent, dependencies: { env } });
    expect(await next.result).toMatchObject({ exitCode: 0 });
    expect(await readdir(copiesIn(env.PAPERCLIP_HOME ?? ""))).toEqual([]);
  });

  it("go when their Job is gone for a day, and nothing else in that folder does", async () => {
    const folders = [env.PAPERCLIP_HOME ?? "", privateHomeOf(env, "old")].map(copiesIn);
    // Where an agent has put a link nothing is removed.
    const elsewhere = join(tmpdir(), `elsewhere-${freshId()}`);
    for (const folder of [...folders, elsewhere]) {
      await mkdir(folder, { recursive: true });
      const dayAgo = new Date(Date.now() - 25 * 60 * 60_000);
      for (const name of ["ac-agent-gone-abc123", "ac-agent-fresh-abc123", "notes.txt"]) {
        await writeFile(join(folder, name), "");
        if (!name.includes("fresh")) await utimes(join(folder, name), dayAgo, dayAgo);
      }
    }
    const planted = copiesIn(privateHomeOf(env, "hostile"));
    await mkdir(dirname(planted), { recursive: true });
    await symlink(elsewhere, planted);
    await look();
    for (const folder of folders)
      expect((await readdir(folder)).toSorted()).toEqual(["ac-agent-fresh-abc123", "notes.txt"]);
    expect(await readdir(elsewhere)).toHaveLength(3);
    await rm(elsewhere, { recursive: true });
  });
});
