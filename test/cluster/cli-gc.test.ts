/** `claude-k8s gc`: what the supervisor's rules call over, and nothing else. */
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, secrets } from "../../src/kubernetes/resource-types.ts";
import { leftSecrets } from "../../src/operate/left/left-secrets.ts";
import { Installation, labelOf } from "../../src/paperclip/installation.ts";
import { ANNOTATIONS, LABELS, RUNS } from "../../src/run/shared/names.ts";
import { TOKEN_SECRET } from "../support/run-token.ts";
import { type Cli, useCli } from "./support/cli.ts";
import { freshId } from "./support/context.ts";
import { jobManifestOf, launchHeld } from "./support/held-job.ts";
import { LeapingClock } from "./support/leaping-clock.ts";
import type { Place } from "./support/place.ts";
import { INIT, startRun } from "./support/run.ts";
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
  readonly removed: boolean;
  readonly over: readonly {
    readonly kind: string;
    readonly what: string;
    readonly why: string;
    readonly problem: string | null;
  }[];
  readonly leftAlone: readonly string[];
  readonly kept: readonly { readonly kind: string; readonly what: string }[];
  readonly unseen: readonly string[];
}

/** As in Paperclip's pod, whose secret proves whose a Job is. */
const here = () => ({
  KUBECONFIG: place.kubeconfig,
  PAPERCLIP_API_URL: place.paperclip.url,
  PAPERCLIP_API_KEY: "board",
  PAPERCLIP_AGENT_JWT_SECRET: TOKEN_SECRET,
});
const namesIn = async () =>
  (await place.admin.list(jobs, place.namespace, { labelSelector: RUNS })).items.map(({ metadata }) => metadata.name);

describe("Jobs", () => {
  it("of runs that are over go with --yes; living ones, lost ones and those that nobody can speak of stay", async () => {
    const { paperclip } = place;
    const ids = (name: string) => ({ agentId: `agent-${name}-${freshId()}`, runId: `run-${name}-${freshId()}` });
    const [over, lost, unknown, foreign] = [ids("over"), ids("lost"), ids("unknown"), ids("foreign")];
    const living = startRun(place, {
      agent: `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`,
    });
    await living.said("ready");
    const [overJob, lostJob, unknownJob] = await Promise.all(
      [over, lost, unknown].map((one) => launchHeld(place, { ...one, seconds: 0 })),
    );
    const foreignJob = await launchHeld(place, { ...foreign, seconds: 0 }, (job) => ({
      ...job,
      metadata: {
        ...job.metadata,
        annotations: { ...job.metadata?.annotations, [ANNOTATIONS.tokenHash]: "0".repeat(64) },
      },
    }));
    paperclip.set(over.runId, "succeeded");
    paperclip.set(lost.runId, "failed");
    const ended = async () =>
      (await place.admin.get(jobs, place.namespace, overJob?.metadata.name ?? "")).status?.succeeded;
    await expect.poll(ended, { timeout: 30_000 }).toBe(1);
    const before = await namesIn();

    const dry = await cli.run(["gc", "--json"], { env: here() });
    const listed = JSON.parse(dry.stdout) as Listed;
    expect(dry.exitCode).toBe(1);
    expect(listed).toMatchObject({
      removed: false,
      over: [{ kind: "job", why: "Paperclip has recorded its success" }],
    });
    expect(listed.over[0]?.what).toContain(`${overJob?.metadata.name} of run ${over.runId}`);
    const said = listed.leftAlone.join("\n");
    expect(said).toMatch(
      new RegExp(`${lostJob?.metadata.name} of run ${lost.runId} is lost \\(Paperclip: failed\\).*takes it over`),
    );
    expect(said).toMatch(new RegExp(`${unknownJob?.metadata.name} .*Paperclip knows no such run`));
    expect(said).toMatch(new RegExp(`${foreignJob.metadata.name} .*is not its own`));
    expect(said).not.toContain(living.runId);
    // Paperclip's account may not list Secrets: that is told, not passed over.
    expect(listed.unseen.join("\n")).toMatch(/Secrets without a Job were not looked for: list secrets .* refused/);
    expect(await namesIn()).toEqual(before);

    const done = await cli.run(["gc", "--yes"], { env: here() });
    expect(done).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(new RegExp(`^removed Job \\S+${overJob?.metadata.name} `)),
    });
    expect((await namesIn()).toSorted()).toEqual(before.filter((name) => name !== overJob?.metadata.name).toSorted());

    // Where Paperclip cannot be asked, nothing is over.
    const away = await cli.json<Listed>(["gc"], { env: { ...here(), PAPERCLIP_API_URL: "http://127.0.0.1:1" } });
    expect(away.over).toEqual([]);
    living.cancel();
    await living.result;
    for (const job of [lostJob, unknownJob, foreignJob])
      await place.admin.delete(jobs, place.namespace, job?.metadata.name ?? "");
  });
});

describe("files and homes in Paperclip's pod", () => {
  it("go by their age; a home stays of which nobody can say whose it is", async () => {
    const home = join(cli.home, "paperclip");
    const transcripts = join(home, "claude_k8s/transcripts");
    const orphanHome = join(home, "claude_k8s/homes/company/gone");
    const copies = join(orphanHome, ".claude-k8s/transcripts");
    for (const folder of [transcripts, copies, join(home, "instances/default/db/global")])
      await mkdir(folder, { recursive: true });
    await writeFile(join(home, "instances/default/db/global/pg_control"), Buffer.alloc(64, 7));
    const old = new Date(Date.now() - 31 * 86_400_000);
    for (const file of [join(transcripts, "old.jsonl"), join(copies, "ac-agent-gone-abc123")]) {
      await writeFile(file, "");
      await utimes(file, old, old);
    }
    await writeFile(join(transcripts, "new.jsonl"), "");
    const env = {
      ...here(),
      PAPERCLIP_HOME: home,
      POD_NAME: "paperclip-0",
      POD_NAMESPACE: place.namespace,
    };
    const listed = await cli.json<Listed>(["gc"], { env });
    expect(listed.over.map(({ kind }) => kind)).toEqual(["transcripts", "transcript-copies"]);
    expect(listed.kept).toEqual([]);
    expect(listed.leftAlone.join("\n")).toMatch(/Whether their agents are gone .* ids are none .*company\/gone/);
    await cli.run(["gc", "--yes"], { env });
    expect(await readdir(transcripts)).toEqual(["new.jsonl"]);
    expect(await readdir(copies)).toEqual([]);
    expect(await readdir(join(home, "claude_k8s/homes/company"))).toEqual(["gone"]);
  });
});

describe("Secrets", () => {
  it("without a Job are seen by who may list them, once they are an hour old", async () => {
    const { admin, namespace } = place;
    const labels = {
      [LABELS.managedBy]: "paperclip",
      [LABELS.adapterType]: "claude_k8s",
      [LABELS.instance]: "0123456789abcdef",
    };
    await admin.create(secrets, namespace, { metadata: { name: "ac-agent-run-abc123", labels }, type: "Opaque" });
    const env = { KUBECONFIG: place.adminKubeconfig, PAPERCLIP_API_URL: "http://127.0.0.1:1" };
    const listed = await cli.json<Listed>(["gc", "-n", namespace, "--instance", "0123456789abcdef"], { env });
    expect(listed.over).toEqual([]);
    expect(listed.unseen.join("\n")).not.toContain("Secrets");
    await admin.delete(secrets, namespace, "ac-agent-run-abc123");
  });

  it("go an hour later, in the state in which they were seen; one that changes meanwhile stays, and one of a Job", async () => {
    const { admin, namespace } = place;
    const installation = new Installation(labelOf("default", null), "default", TOKEN_SECRET);
    const labels = {
      [LABELS.managedBy]: "paperclip",
      [LABELS.adapterType]: "claude_k8s",
      [LABELS.instance]: installation.label,
    };
    const manifest = jobManifestOf(place, { agentId: `agent-${freshId()}`, runId: `run-${freshId()}` });
    const name = "ac-agent-works-abc123";
    await admin.create(jobs, namespace, { ...manifest, metadata: { ...manifest.metadata, name } });
    const made = ["ac-agent-left-abc123", "ac-agent-left-abc123-token-2", "ac-agent-touched-abc123", name];
    for (const each of [...made, "somebody-elses"])
      await admin.create(secrets, namespace, { metadata: { name: each, labels }, type: "Opaque" });
    const clock = new LeapingClock();
    clock.leap(61 * 60_000);
    const lease = await new ClusterRegistry({ clock }).acquire({ kubeconfig: place.adminKubeconfig });
    const signal = AbortSignal.timeout(60_000);
    try {
      const { over, unseen } = await leftSecrets(
        { seenPlaces: [{ lease, namespace }], found: [], signal },
        installation,
      );
      expect(unseen).toEqual([]);
      expect(over.map(({ what }) => what).toSorted()).toEqual(
        made.slice(0, 3).map((each) => `Secret ${namespace}/${each}`),
      );
      await admin.patch(secrets, namespace, "ac-agent-touched-abc123", { metadata: { annotations: { used: "now" } } });
      await Promise.allSettled(over.map((one) => one.remove()));
      const { items } = await admin.list(secrets, namespace, {
        labelSelector: `${LABELS.instance}=${installation.label}`,
      });
      const left = items.map(({ metadata }) => metadata.name);
      expect(left).toEqual(expect.arrayContaining([name, "somebody-elses", "ac-agent-touched-abc123"]));
      expect(left.filter((name) => name.startsWith("ac-agent-left"))).toEqual([]);
    } finally {
      await lease.release();
    }
    await admin.delete(jobs, namespace, name);
    for (const each of [...made, "somebody-elses"]) await admin.delete(secrets, namespace, each);
  });
});
