/** Runs in a namespace with everything of deploy/: they go through it, and Paperclip's account comes to nothing else. */
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { type Cluster, openCluster } from "../../src/kubernetes/cluster.ts";
import { jobs, type KubeObject, namespaces, type ResourceType, secrets } from "../../src/kubernetes/resource-types.ts";
import { setting } from "../deploy/support/admission.ts";
import { BAD, changed } from "../deploy/support/bad-jobs.ts";
import type { Manifest } from "../deploy/support/kustomize.ts";
import { defaultPlan } from "../deploy/support/planned-jobs.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
let cluster: Cluster;
let paperclip: KubernetesClient;
let remove: () => Promise<void> = () => Promise.resolve();
// Before the place closes: hooks of the end run in reverse.
usePlace(async (opened) => {
  place = opened;
  cluster = await openCluster({ kubeconfig: place.kubeconfig });
  paperclip = new KubernetesClient(cluster);
  await raiseWalls(place);
  remove = await setPolicies(place);
});
afterAll(async () => {
  await remove();
  await cluster.close();
});

describe("with quota, limits, network policies and admission policies", () => {
  it("a run starts, ends and leaves nothing behind", async () => {
    const config = { serviceAccountName: "claude-agent" };
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}`, config });
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null, sessionId: SESSION });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("a run can be stopped", async () => {
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; echo working; exec sleep 600` });
    await run.said("working");
    run.cancel();
    expect((await run.result).errorCode).toBe("cancelled");
    expect(await leftovers(place, run)).toEqual([]);
  });
});

// The devcluster keeps admission policies, and does not ask them.
describe.skipIf(!process.env.TEST_KUBECONFIG)("Paperclip's account", () => {
  const attempt = (object: ReturnType<typeof changed>): Promise<string> => {
    const { namespace } = place;
    const mine = { ...object, metadata: { ...object.metadata, namespace } };
    return paperclip.create(jobs, namespace, mine, { dryRun: true }).then(() => "admitted", String);
  };

  it("creates the Job of a run, and what is refused is refused by the policy or as invalid", async () => {
    const [, , change] = BAD[0] ?? [];
    if (!change) throw new Error("no bad Job");
    // A policy that was just created takes effect within seconds.
    await expect.poll(() => attempt(changed(change)), { timeout: 60_000, interval: 500 }).toContain("claude-k8s-jobs");
    expect(await attempt(defaultPlan.job)).toBe("admitted");
    for (const [what, message, bad] of BAD) {
      const said = await attempt(changed(bad));
      if (!/ is invalid: /.test(said)) expect(said, what).toMatch(new RegExp(message.source.replace("^", "")));
    }
  });

  it("makes no token of another service account", async () => {
    const { namespace } = place;
    const metadata = {
      ...defaultPlan.secret.metadata,
      namespace,
      annotations: { "kubernetes.io/service-account.name": "default" },
    };
    const secret = { metadata, type: "kubernetes.io/service-account-token" };
    const attempts = () =>
      paperclip.create(secrets, namespace, secret, { dryRun: true }).then(() => "admitted", String);
    await expect.poll(attempts, { timeout: 60_000, interval: 500 }).toContain("must be of type Opaque");
  });

  const bad = (): ReturnType<typeof changed> => changed(({ pod }) => Object.assign(pod, { hostNetwork: true }));
  const untilTold = (object: ReturnType<typeof changed>, words: string): Promise<void> =>
    expect.poll(() => attempt(object), { timeout: 60_000, interval: 500 }).toContain(words);
  const annotate = (annotations: Record<string, string | null>): Promise<unknown> =>
    place.admin.patch(namespaces, "", place.namespace, { metadata: { annotations } });

  it("is held by policies that were removed and made again, to the namespace's values of now", async () => {
    await untilTold(bad(), "must not use the host's network");
    await remove();
    await untilTold(bad(), "admitted");
    await annotate({ [setting("images")]: String.raw`registry\.example/agents/.*` });
    remove = await setPolicies(place);
    await untilTold(defaultPlan.job, String.raw`The image must match registry\.example/agents/.* (annotation`);
    const agent = changed(({ container }) => Object.assign(container, { image: "registry.example/agents/claude:1" }));
    await untilTold(agent, "admitted");
    expect(await attempt(bad())).toContain("claude-k8s-jobs");
  });

  it("creates nothing, and nobody does, where the namespace does not say which account it is", async () => {
    await annotate({ [setting("user")]: null });
    await untilTold(defaultPlan.job, "nobody creates Jobs in it");
    const { namespace, admin } = place;
    const secret = { metadata: { name: "any", namespace }, type: "Opaque" };
    await expect(admin.create(secrets, namespace, secret, { dryRun: true })).rejects.toThrow(
      "nobody creates Secrets in it",
    );
  });
});

/** Creates what deploy/kustomize/base has, for this namespace alone. */
async function raiseWalls({ namespace, admin }: Place): Promise<void> {
  const base = await objectsOf("base");
  const { labels, annotations } = base.find(({ kind }) => kind === "Namespace")?.metadata ?? {};
  const user = `system:serviceaccount:${namespace}:paperclip`;
  await admin.patch(namespaces, "", namespace, {
    metadata: { labels, annotations: { ...annotations, [setting("user")]: user } },
  });
  for (const object of base) {
    // The place has its own namespace, and Role.
    if (["Namespace", "Role", "RoleBinding"].includes(object.kind)) continue;
    await admin.create(typeOf(object), namespace, object);
  }
}

/** Creates what deploy/kustomize/admission has, for this namespace alone; resolves with the way to undo it. */
async function setPolicies({ namespace, admin }: Place): Promise<() => Promise<void>> {
  const policies = (await objectsOf("admission")).map((object) => onlyIn(namespace, object));
  for (const policy of policies) await admin.create(typeOf(policy), undefined, policy, { fieldValidation: "Strict" });
  return async () => {
    for (const policy of policies) await admin.delete(typeOf(policy), "", policy.metadata.name);
  };
}

interface Wall extends Manifest {
  readonly spec?: { readonly policyName?: string };
}

/** The cluster may have the policies already, under their own names. */
function onlyIn(namespace: string, object: Wall): Wall {
  const name = `${object.metadata.name}-${namespace}`;
  const matchLabels = { "kubernetes.io/metadata.name": namespace };
  const binding = { policyName: name, matchResources: { namespaceSelector: { matchLabels } } };
  const spec = { ...object.spec, ...(object.spec?.policyName ? binding : {}) };
  return { ...object, metadata: { ...object.metadata, name }, spec };
}

function typeOf({ apiVersion, kind }: Wall): ResourceType<KubeObject> {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const plural = `${kind.toLowerCase()}s`.replace(/ys$/, "ies");
  return { group, version, plural, kind, namespaced: !kind.startsWith("Validating") };
}

/** As they stand in the files: the generated client drops what it does not know, such as a LimitRange's `default`. */
async function objectsOf(folder: string): Promise<Wall[]> {
  const path = fileURLToPath(new URL(`../../deploy/kustomize/${folder}/`, import.meta.url));
  const files = (await readdir(path)).filter((name) => name !== "kustomization.yaml");
  const texts = await Promise.all(files.map((name) => readFile(path + name, "utf8")));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS()));
}
