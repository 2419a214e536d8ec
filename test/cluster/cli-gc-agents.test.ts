/** `claude-k8s gc`: what agents leave that Paperclip does not have any more, and files that runs shared. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, persistentVolumeClaims, secrets } from "../../src/kubernetes/resource-types.ts";
import { leftBundles } from "../../src/operate/left/left-bundles.ts";
import { leftSecrets } from "../../src/operate/left/left-secrets.ts";
import { Installation, labelOf, readInstallationOnDisk } from "../../src/paperclip/installation.ts";
import { bundleHolder, bundleSecret, workspaceClaim } from "../../src/run/plan/plan.ts";
import { bundleName } from "../../src/run/shared/names.ts";
import { type ClaimOwner, claimMetadata } from "../../src/run/shared/workspace-claim.ts";
import { TOKEN_SECRET } from "../support/run-token.ts";
import { variant } from "../support/variant.ts";
import { type Cli, useCli } from "./support/cli.ts";
import { freshId } from "./support/context.ts";
import { jobManifestOf } from "./support/held-job.ts";
import { LeapingClock } from "./support/leaping-clock.ts";
import type { Place } from "./support/place.ts";
import { giveOptionalRights } from "./support/rights.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
let cli: Cli;
usePlace((opened) => {
  place = opened;
});
useCli((opened) => {
  cli = opened;
});

interface Listed {
  readonly over: readonly { readonly kind: string; readonly what: string; readonly problem: string | null }[];
  readonly kept: readonly { readonly kind: string; readonly what: string }[];
  readonly leftAlone: readonly string[];
  readonly unseen: readonly string[];
}

describe("what agents leave", () => {
  it("goes with --yes --work, on Paperclip's own word that it does not have the agent; all else stays", async () => {
    const { admin, namespace, paperclip } = place;
    const home = join(cli.home, "paperclip");
    const env = {
      ...{ KUBECONFIG: place.kubeconfig, PAPERCLIP_HOME: home, PAPERCLIP_AGENT_JWT_SECRET: TOKEN_SECRET },
      ...{ PAPERCLIP_API_URL: paperclip.url, PAPERCLIP_API_KEY: "board" },
      ...{ POD_NAME: "paperclip-0", POD_NAMESPACE: namespace },
    };
    await mkdir(join(home, "instances/default/db/global"), { recursive: true });
    await writeFile(join(home, "instances/default/db/global/pg_control"), Buffer.alloc(64, 9));
    const own = await readInstallationOnDisk(env, null);
    if (!own) throw new Error("the home says which Paperclip it is");

    const company = randomUUID();
    const [here, gone, working, elsewhere] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    paperclip.employ(company, [here]);
    const homes = join(home, "claude_k8s/homes", company);
    for (const agent of [here, gone]) await mkdir(join(homes, agent, "deep"), { recursive: true });
    await writeFile(join(homes, gone, "deep/file"), "");

    const make = async (owner: ClaimOwner, installation = own, name = nameOf(owner, installation)): Promise<string> => {
      const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
      const metadata = claimMetadata(name, namespace, owner, "Ada", installation);
      await admin.create(persistentVolumeClaims, namespace, { metadata, spec });
      return name;
    };
    const of = (agentId: string, taskId: string | null = null, companyId = company): ClaimOwner => ({
      ...{ companyId, agentId, taskId },
    });
    const another = new Installation(labelOf("another", null), "default", TOKEN_SECRET);
    const forger = new Installation(own.label, "default", "a-secret-that-is-not-paperclips");
    const went = [await make(of(gone)), await make(of(gone, "task-9"))];
    const stay = [
      await make(of(here)),
      await make(of(working)),
      await make(of(elsewhere, null, randomUUID())),
      await make(of(gone), another),
      await make(of(gone, "task-1"), forger),
      await make(of(gone, "task-2"), own, "ac-somebody-elses-workspace"),
    ];
    const job = jobManifestOf(place, { agentId: working, runId: `run-${freshId()}` });
    const labels = { ...job.metadata?.labels, "paperclip.io/instance": own.label };
    const { metadata } = await admin.create(jobs, namespace, { ...job, metadata: { ...job.metadata, labels } });

    const denied = await cli.json<Listed>(["gc"], { env });
    expect(denied.kept.map(({ kind }) => kind)).toEqual(["home"]);
    expect(denied.unseen.join("\n")).not.toContain("Claims");
    const takeBack = await giveOptionalRights(place, "workspaceClaims");

    const dry = await cli.json<Listed>(["gc"], { env });
    expect(dry.over).toEqual([]);
    expect(dry.kept.map(({ what }) => what).toSorted()).toEqual(
      [...went.map((name) => `Claim ${namespace}/${name}`), `home ${join(homes, gone)}`].toSorted(),
    );
    const said = dry.leftAlone.join("\n");
    expect(said).toMatch(/is not known \(Paperclip has no company .*\): Claim/);
    expect(said).toMatch(/has no signature of this Paperclip/);
    expect(said).toMatch(/ac-somebody-elses-workspace is left alone: it has not the name/);
    for (const away of [{ PAPERCLIP_API_URL: "http://127.0.0.1:1" }, { PAPERCLIP_API_KEY: "" }])
      expect((await cli.json<Listed>(["gc", "--work"], { env: { ...env, ...away } })).over).toEqual([]);

    // A deleted agent's Job may still run where nobody has looked.
    const inAnother = await cli.json<Listed>(["gc"], { env: { ...env, POD_NAMESPACE: "another" } });
    expect(inAnother.kept.map(({ kind }) => kind)).not.toContain("home");
    expect(inAnother.unseen.join("\n")).toContain("Homes without an agent were not looked for");

    const without = await cli.run(["gc", "--yes"], { env });
    expect(without.stdout).toMatch(/^keep {4}home .*it holds work \(--work takes it\)$/m);
    expect(await readdir(homes)).toHaveLength(2);
    const done = await cli.run(["gc", "--yes", "--work"], { env });
    expect(done, done.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^removed Claim /m) });
    expect(await readdir(homes)).toEqual([here]);
    const { items } = await admin.list(persistentVolumeClaims, namespace, { labelSelector: "paperclip.io/instance" });
    const left = items.filter((claim) => !claim.metadata.deletionTimestamp).map((claim) => claim.metadata.name);
    expect(left.toSorted()).toEqual(stay.toSorted());

    await takeBack();
    await admin.delete(jobs, namespace, metadata.name);
    for (const name of stay) await admin.delete(persistentVolumeClaims, namespace, name);
  });

  const nameOf = (tenant: ClaimOwner, installation: Installation): string =>
    workspaceClaim({ tenant, taskId: tenant.taskId, per: tenant.taskId === null ? "agent" : "task", installation })
      .name;
});

describe("files that runs shared", () => {
  variant("go an hour after their lease, or without a Job that holds them; not while a Job needs them", async () => {
    const { admin, namespace } = place;
    const installation = new Installation(labelOf("default", null), "default", TOKEN_SECRET);
    const manifest = jobManifestOf(place, { agentId: `agent-${freshId()}`, runId: `run-${freshId()}` });
    const owner = { installation, namespace, identity: { companyId: "company" }, job: manifest };
    const bundle = (digit: string) => ({ name: bundleName(digit.repeat(40)), data: { file: "content" }, items: [] });
    const [lapsed, needed, leased, orphan, mounted] = ["1", "2", "3", "4", "5"].map(bundle) as [
      ...[ReturnType<typeof bundle>, ReturnType<typeof bundle>, ReturnType<typeof bundle>],
      ...[ReturnType<typeof bundle>, ReturnType<typeof bundle>],
    ];
    for (const [one, ttlSec] of [
      [lapsed, 600],
      [needed, 600],
      [leased, 7200],
    ] as const)
      await admin.create(jobs, namespace, bundleHolder(one.name, owner, ttlSec));
    for (const one of [orphan, mounted]) await admin.create(secrets, namespace, bundleSecret(one, owner));
    const sources = [needed, mounted].map(({ name }) => ({ secret: { name } }));
    const running = structuredClone(manifest);
    running.spec?.template.spec?.containers[0]?.volumeMounts?.push({ name: "run", mountPath: "/run/files" });
    if (running.spec?.template.spec) running.spec.template.spec.volumes = [{ name: "run", projected: { sources } }];
    const job = await admin.create(jobs, namespace, running);

    const clock = new LeapingClock();
    clock.leap(75 * 60_000);
    const lease = await new ClusterRegistry({ clock }).acquire({ kubeconfig: place.adminKubeconfig });
    const where = { lease, namespace };
    const seen = { seenPlaces: [where], found: [{ place: where, job, pods: [] }], signal: AbortSignal.timeout(60_000) };
    try {
      const { over: holders, unseen: hidden } = await leftBundles(seen, installation);
      expect(hidden).toEqual([]);
      expect(holders.map(({ what }) => what)).toEqual([`Job ${namespace}/${lapsed.name} with files that runs share`]);
      const { over, unseen } = await leftSecrets(seen, installation);
      expect(unseen).toEqual([]);
      expect(over.map(({ what }) => what)).toEqual([`Secret ${namespace}/${orphan.name}`]);
      const stranger = new Installation(installation.label, "default", "a-secret-that-is-not-paperclips");
      expect(await leftBundles(seen, stranger)).toEqual({ over: [], unseen: [] });
      for (const one of [...holders, ...over]) await one.remove();
      expect(await admin.find(secrets, namespace, orphan.name)).toBeUndefined();
      await expect.poll(() => admin.find(jobs, namespace, lapsed.name)).toBeUndefined();
    } finally {
      await lease.release();
    }
    for (const name of [job.metadata.name, needed.name, leased.name]) await admin.delete(jobs, namespace, name);
    await admin.delete(secrets, namespace, mounted.name);
  });
});
