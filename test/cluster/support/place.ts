/**
 * Where the cluster suite runs: on a devcluster of its own, or on the cluster that TEST_KUBECONFIG names. Either way in a
 * namespace that enforces the `restricted` level, with a service account that has exactly the documented Role.
 *
 *   TEST_KUBECONFIG  an administrator's kubeconfig of a real cluster
 *   TEST_IMAGE       an image with sh, Node and `claude`, for a real cluster
 *   TEST_SH_IMAGE    an image with sh and without Node; tests of the sh runner are skipped without it
 */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CoreV1Api, KubeConfig, RbacAuthorizationV1Api } from "@kubernetes/client-node";
import { parseAllDocuments } from "yaml";
import {
  type Devcluster,
  type DevclusterOptions,
  fastTimings,
  type LocalImage,
  startDevcluster,
} from "../../../devcluster/src/index.ts";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { openCluster } from "../../../src/kubernetes/cluster.ts";
import { type FakePaperclip, startFakePaperclip } from "./paperclip.ts";

export interface Place {
  readonly kind: "devcluster" | "cluster";
  /** Path of the kubeconfig with the documented rights and no more. */
  readonly kubeconfig: string;
  /** For looking at what the adapter did. */
  readonly admin: KubernetesClient;
  readonly adminKubeconfig: string;
  readonly namespace: string;
  readonly image: string;
  /** Null where there is none. */
  readonly shImage: string | null;
  /** Says of every run of the suite whether it is over. */
  readonly paperclip: FakePaperclip;
  /** For faults; null on a real cluster. */
  readonly devcluster: Devcluster | null;
  /** What the devcluster's node can pull, by name: it can be put there later. */
  readonly images: Record<string, LocalImage>;
  /** The same place in a namespace of its own, for what would disturb others. It is closed with this one. */
  apart(): Promise<Place>;
  close(): Promise<void>;
}

/** The one with the documented Role. */
export const SERVICE_ACCOUNT = "paperclip";
const role = fileURLToPath(new URL("../../../deploy/rbac.yaml", import.meta.url));

/** @param more of the devcluster, when there is one */
export async function openPlace(more: Pick<DevclusterOptions, "bookmarkInterval" | "kueue"> = {}): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "cluster-suite-"));
  const given = process.env.TEST_KUBECONFIG;
  const images = given ? {} : await localImages(folder);
  const devcluster = given ? null : await startDevcluster({ images, timings: fastTimings, ...more });
  const adminKubeconfig = given ?? join(folder, "admin");
  if (devcluster) await writeFile(adminKubeconfig, devcluster.kubeconfig, { mode: 0o600 });
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(adminKubeconfig);
  const furnished: string[] = [];
  const openNamespace = async (): Promise<Pick<Place, "namespace" | "kubeconfig">> => {
    const namespace = `claude-k8s-test-${randomBytes(4).toString("hex")}`;
    furnished.push(namespace);
    const kubeconfig = join(folder, namespace);
    await writeFile(kubeconfig, await furnish(kubeConfig, namespace), { mode: 0o600 });
    return { namespace, kubeconfig };
  };
  const first = await openNamespace();
  const cluster = await openCluster({ kubeconfig: adminKubeconfig });
  const paperclip = await startFakePaperclip();
  const place: Place = {
    kind: devcluster ? "devcluster" : "cluster",
    ...first,
    admin: new KubernetesClient(cluster),
    adminKubeconfig,
    image: devcluster ? "agent:test" : (process.env.TEST_IMAGE ?? missing("TEST_IMAGE")),
    shImage: devcluster ? "sh:test" : (process.env.TEST_SH_IMAGE ?? null),
    paperclip,
    devcluster,
    images,
    apart: async () => ({ ...place, ...(await openNamespace()) }),
    close: async () => {
      const core = kubeConfig.makeApiClient(CoreV1Api);
      for (const name of furnished)
        await core.deleteNamespace({ name }).catch((error: { code?: number }) => {
          // A test has deleted it.
          if (error.code !== 404) throw error;
        });
      await cluster.close();
      await paperclip.close();
      await devcluster?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return place;
}

/** The agent's image has this Node; the other has the host's programs, less any Node. */
async function localImages(folder: string): Promise<Record<string, LocalImage>> {
  const withoutNode = join(folder, "bin");
  await mkdir(withoutNode);
  for (const place of ["/usr/bin", "/bin"])
    for (const name of await readdir(place))
      if (!name.startsWith("node")) await symlink(join(place, name), join(withoutNode, name)).catch(() => "is there");
  return { "agent:test": { path: [dirname(process.execPath)] }, "sh:test": { env: { PATH: withoutNode } } };
}

/** Namespace, service account and the documented Role; returns a kubeconfig of that account. */
async function furnish(kubeConfig: KubeConfig, namespace: string): Promise<string> {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const rbac = kubeConfig.makeApiClient(RbacAuthorizationV1Api);
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await core.createNamespace({ body: { metadata: { name: namespace, labels } } });
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: SERVICE_ACCOUNT } } });
  for (const document of parseAllDocuments(await readFile(role, "utf8"))) {
    const object = document.toJS();
    if (object.kind === "Role") await rbac.createNamespacedRole({ namespace, body: object });
    else {
      object.subjects[0].namespace = namespace;
      await rbac.createNamespacedRoleBinding({ namespace, body: object });
    }
  }
  const { status } = await core.createNamespacedServiceAccountToken({
    namespace,
    name: SERVICE_ACCOUNT,
    body: { spec: { audiences: [], expirationSeconds: 86_400 } },
  });
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster || !status) throw new Error("no token for the suite's service account");
  const limited = new KubeConfig();
  limited.loadFromClusterAndUser(cluster, { name: SERVICE_ACCOUNT, token: status.token ?? "" });
  limited.contexts = limited.contexts.map((context) => ({ ...context, namespace }));
  return limited.exportConfig();
}

function missing(name: string): never {
  throw new Error(`TEST_KUBECONFIG is set, so ${name} must be too`);
}

export interface DevclusterPlace extends Place {
  readonly devcluster: Devcluster;
}

/** For what only the devcluster can do: faults, and looks into the node. Throws on another cluster. */
export async function openDevclusterPlace(): Promise<DevclusterPlace> {
  const place = await openPlace();
  const { devcluster } = place;
  if (!devcluster) throw new Error("no devcluster");
  return { ...place, devcluster };
}
