/** The cluster of an end-to-end stage: a devcluster, or a real one that a kubeconfig names. */
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { findClaudeCode } from "../../demo/claude-code.ts";
import { type Devcluster, fastTimings, measuredTimings, startDevcluster } from "../../devcluster/src/index.ts";
import type { KubeObject } from "../../devcluster/src/types.ts";
import type { PaperclipHome } from "../host/home.ts";
import { rootFolder } from "../host/install.ts";
import { removeJobsOf } from "./leave-nothing.ts";
import type { Operator } from "./operator.ts";
import type { RealCluster, StageCluster } from "./stage-cluster.ts";

const NAMESPACE = "agents";
const SERVICE_ACCOUNT = "paperclip";
const CLAIM = "agents-home";

/** A namespace that enforces `restricted`, a service account with the documented Role and no more, a volume claim. */
export async function openDevcluster(home: PaperclipHome, operator: Operator, fast = false): Promise<StageCluster> {
  const claude = findClaudeCode();
  const image = `devcluster.local/claude-code:${claude.version}`;
  const directory = join(home.folder, "cluster");
  await mkdir(directory);
  const devcluster = await startDevcluster({
    directory,
    images: {
      [image]: {
        path: [claude.folder, dirname(process.execPath)],
        // Claude Code refuses to skip its permission questions as root unless it is told that it runs in a sandbox.
        env: { IS_SANDBOX: "1" },
      },
    },
    timings: fast ? fastTimings : measuredTimings,
  });
  await furnish(devcluster);
  const kubeconfig = await operator.keepKubeconfig(devcluster.kubeconfigOf(NAMESPACE, SERVICE_ACCOUNT));
  return {
    kubeconfig,
    namespace: NAMESPACE,
    context: null,
    image,
    homeClaim: CLAIM,
    address: null,
    homeFolder: join(directory, "claims", NAMESPACE, CLAIM),
    devcluster,
    stop: () => devcluster.stop(),
  };
}

async function furnish({ store }: Devcluster): Promise<void> {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  store.create("namespaces", { metadata: { name: NAMESPACE, labels } });
  store.create("serviceaccounts", { metadata: { name: SERVICE_ACCOUNT, namespace: NAMESPACE } });
  store.create("persistentvolumeclaims", {
    metadata: { name: CLAIM, namespace: NAMESPACE },
    spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "1Gi" } } },
  });
  const documents = parseAllDocuments(await readFile(join(rootFolder, "deploy/rbac.yaml"), "utf8"));
  for (const document of documents) {
    const object = document.toJS() as KubeObject & { subjects?: { namespace: string }[] };
    object.metadata.namespace = NAMESPACE;
    for (const subject of object.subjects ?? []) subject.namespace = NAMESPACE;
    store.create(object.kind === "Role" ? "roles" : "rolebindings", object);
  }
}

/** The server gets a copy of the kubeconfig: it may run as another user than the file's owner. */
export async function openRealCluster(operator: Operator, cluster: RealCluster): Promise<StageCluster> {
  const kubeconfig = await operator.keepKubeconfig(await readFile(cluster.kubeconfig, "utf8"));
  const real = { ...cluster, kubeconfig };
  return {
    ...real,
    homeFolder: null,
    devcluster: null,
    async stop(companyId) {
      if (companyId === null) return;
      const left = await removeJobsOf(companyId, real);
      if (left.length > 0) throw new Error(`Still in the cluster after 30 s: ${left.join(", ")}`);
    },
  };
}
