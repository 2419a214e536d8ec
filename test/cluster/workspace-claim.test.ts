/** `workspace: claim`: a volume of the agent's, which the adapter makes, lets grow, and leaves for the next run. */
import { KubeConfig, StorageV1Api } from "@kubernetes/client-node";
import type { PersistentVolumeClaim } from "kubernetes-types/core/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, persistentVolumeClaims, pods, type Stored } from "../../src/kubernetes/resource-types.ts";
import type { PolicyFile } from "../../src/policy/schema.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { superviseOnce } from "../../src/run/supervise/supervise.ts";
import { policyOf } from "../support/policy.ts";
import { SERVER_ENV } from "./support/context.ts";
import { LeapingClock } from "./support/leaping-clock.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { giveOptionalRights, takeRights } from "./support/rights.ts";
import { freshId, INIT, RESULT, type RunOptions, SESSION, startRun, type TestRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
let takeBack = (): Promise<void> => Promise.resolve();
usePlace((opened) => {
  place = opened;
});
beforeAll(async () => {
  takeBack = await giveOptionalRights(place, "workspaceClaims");
});
afterAll(async () => {
  for (const { metadata } of await claimsOf()) {
    await place.admin.delete(persistentVolumeClaims, place.namespace, metadata.name);
  }
  await takeBack();
});

type StoredClaim = Stored<PersistentVolumeClaim>;

async function claimsOf(agentId?: string): Promise<StoredClaim[]> {
  const labelSelector = agentId === undefined ? LABELS.adapterType : `${LABELS.agentId}=${agentId}`;
  const { items } = await place.admin.list(persistentVolumeClaims, place.namespace, { labelSelector });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

interface Claimed extends RunOptions {
  readonly taskId?: string;
  readonly rule?: NonNullable<PolicyFile["workspaceClaims"]>;
}

function start({ taskId = "task-1", rule = {}, config, dependencies, ...options }: Claimed): TestRun {
  const policy = policyOf({ trust: "full", workspaceClaims: { size: "1Gi", ...rule } });
  return startRun(place, {
    ...options,
    wake: { taskId, ...options.wake },
    config: { workspace: "claim", ...config },
    dependencies: { readPolicy: () => Promise.resolve(policy), ...dependencies },
  });
}

const saying = (words: string): string => `cat >/dev/null; ${INIT}; ${words}; ${RESULT}`;

describe("an agent's claim", () => {
  it("keeps folder, home and session of a task for its next run, and is all that stays", async () => {
    const agentId = `agent-${freshId()}`;
    const first = start({ agentId, agent: saying("echo one > file; echo home > $HOME/kept; echo at $PWD") });
    const ended = await first.result;
    expect(ended).toMatchObject({ exitCode: 0, errorCode: null });
    expect(first.stdout()).toContain("at ");
    const [claim, ...others] = await claimsOf(agentId);
    expect(others).toEqual([]);
    expect(claim).toMatchObject({
      metadata: {
        annotations: {
          "paperclip.io/owner": JSON.stringify({ companyId: "company", agentId, taskId: null }),
          "paperclip.io/used": expect.stringContaining(` ${first.runId}`),
        },
      },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    expect(ended.sessionParams).toMatchObject({
      cwd: "/workspace/project",
      home: `${place.namespace}/${claim?.metadata.name}/home`,
    });
    const runtime = {
      ...{ sessionId: SESSION, sessionParams: ended.sessionParams ?? null },
      ...{ sessionDisplayId: SESSION, taskKey: "task-1" },
    };
    const second = start({ agentId, agent: saying('cat file "$HOME/kept"; echo "args: $*"'), context: { runtime } });
    expect(await second.result).toMatchObject({ exitCode: 0 });
    expect(second.stdout()).toMatch(/one\nhome\nargs: .*--resume 11111111/);
    expect(await leftovers(place, { runId: first.runId })).toEqual([]);
    expect((await claimsOf(agentId)).map(({ metadata }) => metadata.uid)).toEqual([claim?.metadata.uid]);
  });

  it("has a folder for each task, and its pods on one node while several run", async () => {
    const agentId = `agent-${freshId()}`;
    const agent = saying("ls; echo $RANDOM > mine; echo ready; while [ ! -e $HOME/go ]; do sleep 0.1; done");
    const runs = ["a", "b", "c"].map((taskId) => start({ agentId, taskId, agent }));
    await Promise.all(runs.map((run) => run.said("ready")));
    const { items } = await place.admin.list(pods, place.namespace, { labelSelector: `${LABELS.agentId}=${agentId}` });
    expect(items).toHaveLength(3);
    expect(new Set(items.map(({ spec }) => spec?.nodeName)).size).toBe(1);
    const [claim, ...others] = await claimsOf(agentId);
    expect(others).toEqual([]);
    for (const { spec } of items) {
      const [term] = spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
      expect(term).toMatchObject({
        topologyKey: "kubernetes.io/hostname",
        labelSelector: { matchLabels: { [LABELS.workspaceClaim]: claim?.metadata.name } },
      });
    }
    await start({ agentId, taskId: "d", agent: saying("touch $HOME/go") }).result;
    for (const run of runs) {
      expect(await run.result).toMatchObject({ exitCode: 0 });
      expect(run.stdout()).not.toContain("mine");
    }
  });

  it("is one for each task where the policy says so", async () => {
    const agentId = `agent-${freshId()}`;
    for (const taskId of ["a", "b", "a"])
      expect(await start({ agentId, taskId, rule: { per: "task" }, agent: saying(":") }).result).toMatchObject({
        exitCode: 0,
      });
    const owners = (await claimsOf(agentId)).map(({ metadata }) => metadata.annotations?.["paperclip.io/owner"] ?? "");
    expect(owners.map((owner) => JSON.parse(owner).taskId).toSorted()).toEqual(["a", "b"]);
  });

  it("grows to what is asked for, and does not shrink", async () => {
    const agentId = `agent-${freshId()}`;
    for (const workspaceSize of [null, "3Gi", "2Gi"])
      expect(await start({ agentId, agent: saying(":"), config: { workspaceSize } }).result).toMatchObject({
        exitCode: 0,
      });
    expect((await claimsOf(agentId))[0]?.spec?.resources?.requests?.storage).toBe("3Gi");
  });

  it("of a class that does not let it grow stays as it is: the run is told, and goes on", async ({ skip }) => {
    if (!place.devcluster) return skip("the class has no provisioner on a real cluster");
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromFile(place.adminKubeconfig);
    const body = { metadata: { name: "fixed" }, provisioner: "example.com/none", volumeBindingMode: "Immediate" };
    await kubeConfig.makeApiClient(StorageV1Api).createStorageClass({ body });
    const agentId = `agent-${freshId()}`;
    const rule = { storageClassName: "fixed" };
    await start({ agentId, rule, agent: saying(":") }).result;
    const held = start({ agentId, rule, agent: saying(":"), config: { workspaceSize: "3Gi" } });
    expect(await held.result).toMatchObject({ exitCode: 0 });
    expect(held.statuses.join("\n")).toMatch(
      /Claim \S+ of the workspace stays at 1Gi and does not grow to 3Gi: its StorageClass fixed does not allow it/,
    );
  });

  it("that is being deleted is waited for, and made again", async () => {
    const agentId = `agent-${freshId()}`;
    const first = start({ agentId, agent: saying("echo ready; while [ ! -e $HOME/go ]; do sleep 0.1; done") });
    await first.said("ready");
    const [before] = await claimsOf(agentId);
    await place.admin.delete(persistentVolumeClaims, place.namespace, before?.metadata.name ?? "");
    const second = start({ agentId, taskId: "b", agent: saying("ls $HOME; echo fresh") });
    first.cancel();
    await first.result;
    expect(await second.result).toMatchObject({ exitCode: 0 });
    const [after] = await claimsOf(agentId);
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
  });
});

it("a Stop is obeyed while a claim that is being deleted is waited for, and nothing is left of the run", async () => {
  const agentId = `agent-${freshId()}`;
  const holds = start({ agentId, agent: saying("echo ready; exec sleep 600") });
  await holds.said("ready");
  const [claim] = await claimsOf(agentId);
  await place.admin.delete(persistentVolumeClaims, place.namespace, claim?.metadata.name ?? "");
  const waits = start({ agentId, taskId: "b", agent: saying(":") });
  const labelSelector = `${LABELS.runId}=${waits.runId}`;
  const listed = async () => (await place.admin.list(jobs, place.namespace, { labelSelector })).items.length;
  await expect.poll(listed, { timeout: 20_000 }).toBe(1);
  waits.cancel();
  expect(await waits.result).toMatchObject({ errorCode: "cancelled" });
  expect(await leftovers(place, { runId: waits.runId })).toEqual([]);
  holds.cancel();
  await holds.result;
  const named = () => place.admin.find(persistentVolumeClaims, place.namespace, claim?.metadata.name ?? "");
  await expect.poll(named, { timeout: 20_000 }).toBeUndefined();
});

it("a claim that no run has used for the policy's days is removed, unless a Job has it or it is somebody else's", async () => {
  const { admin, namespace, kubeconfig } = place;
  const DAY_MS = 24 * 60 * 60_000;
  const claimOf = async (agentId: string) => {
    const [claim] = await claimsOf(agentId);
    if (!claim) throw new Error("no claim");
    return claim.metadata.name;
  };
  const ids = ["idle", "recent", "held", "foreign"].map((what) => `${what}-${freshId()}`);
  const [idle, recent, held, foreign] = ids as [string, string, string, string];
  const runs = ids.map((agentId) =>
    start({ agentId, agent: agentId === held ? saying("echo ready; exec sleep 600") : saying(":") }),
  );
  await runs[2]?.said("ready");
  await Promise.all(runs.map((run, index) => (index === 2 ? null : run.result)));
  const claims = new Map(await Promise.all(ids.map(async (id) => [id, await claimOf(id)] as const)));
  const annotate = (id: string, annotations: Record<string, string>) =>
    admin.patch(persistentVolumeClaims, namespace, claims.get(id) ?? "", { metadata: { annotations } });
  await annotate(foreign, { "paperclip.io/owner": JSON.stringify({ companyId: "c", agentId: "x", taskId: null }) });
  // By the supervisor's clock each was made, and last used, 40 days ago; but for one.
  const clock = new LeapingClock();
  clock.leap(40 * DAY_MS);
  await annotate(recent, { "paperclip.io/used": `${new Date(clock.now() - 29 * DAY_MS).toISOString()} a-run` });
  const told: string[] = [];
  const clusters = new ClusterRegistry({ clock });
  const readPolicy = () => Promise.resolve(policyOf({ trust: "full" }));
  await superviseOnce({
    dependencies: { env: SERVER_ENV, clusters, readPolicy, paperclipUrl: () => place.paperclip.url },
    places: [{ cluster: { kubeconfig }, namespace }],
    tell: (message) => told.push(message),
    signal: new AbortController().signal,
  });
  const stays = await Promise.all(ids.map(async (id) => (await claimsOf(id)).length));
  expect(stays).toEqual([0, 1, 1, 1]);
  expect(told.filter((line) => line.startsWith("Claim ")).sort()).toContain(
    `Claim ${claims.get(idle)} of agent ${idle} in ${namespace} is removed: no run has used it for 30 days`,
  );
  runs[2]?.cancel();
  await runs[2]?.result;
});

describe("a claim that cannot be had", () => {
  const refused = async (run: TestRun) => {
    const ended = await run.result;
    expect(ended.errorCode).toBe("k8s_workspace_claim_unusable");
    expect(await leftovers(place, run)).toEqual([]);
    return ended.errorMessage ?? "";
  };

  it.each([
    ["somebody else's", (_: StoredClaim) => ({}), "does not say whose it is"],
    [
      "another Paperclip's",
      ({ metadata: { labels, annotations } }: StoredClaim) => ({
        labels: { ...labels, [LABELS.instance]: "other" },
        annotations,
      }),
      "is another Paperclip's (paperclip.io/instance: other)",
    ],
    [
      "one that names another agent",
      ({ metadata: { labels, annotations } }: StoredClaim) => ({
        labels,
        annotations: {
          ...annotations,
          "paperclip.io/owner": JSON.stringify({ companyId: "company", agentId: "x", taskId: null }),
        },
      }),
      /has no signature of this Paperclip|is of agent x/,
    ],
  ])("is %s: it is neither used nor removed, and the command is named", async (_, of, why) => {
    const agentId = `agent-${freshId()}`;
    await start({ agentId, agent: saying(":") }).result;
    const [own] = await claimsOf(agentId);
    if (!own) throw new Error("no claim");
    const { name } = own.metadata;
    const { namespace, admin } = place;
    await admin.delete(persistentVolumeClaims, namespace, name);
    await expect.poll(() => admin.find(persistentVolumeClaims, namespace, name), { timeout: 20_000 }).toBeUndefined();
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const theirs = await admin.create(persistentVolumeClaims, namespace, { metadata: { name, ...of(own) }, spec });
    const message = await refused(start({ agentId, agent: saying(":") }));
    expect(message).toMatch(why);
    expect(message).toContain(`kubectl -n ${namespace} delete pvc ${name}`);
    const { metadata } = await admin.get(persistentVolumeClaims, namespace, name);
    expect(metadata).toMatchObject({ uid: theirs.metadata.uid });
    expect(metadata.annotations?.["paperclip.io/used"]).toBe(theirs.metadata.annotations?.["paperclip.io/used"]);
    expect(metadata.deletionTimestamp).toBeUndefined();
    await admin.delete(persistentVolumeClaims, namespace, name);
  });

  it("is one that Paperclip has no right to: said, with the right", async () => {
    const giveBack = await takeRights(place, "persistentvolumeclaims", "create");
    try {
      const agentId = `agent-${freshId()}`;
      expect(await refused(start({ agentId, agent: saying(":") }))).toContain(
        'Grant the verb "create" on persistentvolumeclaims',
      );
    } finally {
      await giveBack();
    }
  });

  it("is not left behind by a run that is refused after it was made", async () => {
    const giveBack = await takeRights(place, "secrets", "create");
    try {
      const agentId = `agent-${freshId()}`;
      const run = start({ agentId, agent: saying(":") });
      expect((await run.result).errorCode).toBe("k8s_prompt_secret_create_failed");
      expect(await claimsOf(agentId)).toEqual([]);
      expect(await leftovers(place, run)).toEqual([]);
    } finally {
      await giveBack();
    }
  });
});
