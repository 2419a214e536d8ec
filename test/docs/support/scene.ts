/** What the pages' commands ask about: a devcluster on which an agent has worked, and an operator's terminal beside it. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api, KubeConfig, type V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { pods } from "../../../src/kubernetes/resource-types.ts";
import { helmTools } from "../../../toolchain/helm/tools.ts";
import { openDevclusterPlace, type Place } from "../../cluster/support/place.ts";
import { INIT, RESULT, startRun } from "../../cluster/support/run.ts";
import { Shell } from "./shell.ts";

export interface Scene extends AsyncDisposable {
  /** A terminal of its own for each page. */
  terminal(): Promise<Shell>;
}

/** The run whose transcript docs/paperclip.md shows. */
const TOLD = "6c023c8f";

export async function openScene(): Promise<Scene> {
  await using undo = new AsyncDisposableStack();
  const place = undo.adopt(await openDevclusterPlace(), (value) => value.close());
  const folder = undo.adopt(await mkdtemp(join(tmpdir(), "scene-")), (value) =>
    rm(value, { recursive: true, force: true }),
  );
  const { namespace } = place;
  const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}`, config: { retainJobs: true } });
  await run.result;
  const [pod] = (await place.admin.list(pods, namespace, {})).items;
  await furnish(place, run.agentId);
  const transcripts = join(folder, "claude_k8s/transcripts");
  await mkdir(transcripts, { recursive: true });
  await writeFile(join(transcripts, `${TOLD}-b819-4225-b999-561350544da8.jsonl`), run.stdout());
  const kubeconfig = await inNamespace(place, folder);
  const tools = await helmTools();
  const parts = undo.move();
  return {
    terminal: () =>
      Shell.open({
        env: { KUBECONFIG: kubeconfig, PAPERCLIP_HOME: folder, PAPERCLIP_API_URL: place.paperclip.url },
        programs: {
          ...(tools ? { helm: `exec ${tools.helm} "$@"` } : {}),
          // The package is this checkout; nothing is fetched for `npx -p paperclip-adapter-claude-k8s COMMAND`.
          npx: 'test "$1 $2" = "-p paperclip-adapter-claude-k8s" || exit 64\nshift 2\nexec "$@"',
        },
        words: {
          NAMESPACE: namespace,
          RUN: run.runId,
          POD: pod?.metadata.name ?? "",
          AGENT: run.agentId,
          COMPANY: DELETED_COMPANY,
          IMAGE: place.image,
        },
      }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

const DELETED_COMPANY = "3a1c0f5e-0000-4000-8000-00000000c0de";

/** What stands in the cluster of an operator who reads these pages. */
async function furnish({ adminKubeconfig, namespace, devcluster }: Place, agentId: string): Promise<void> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(adminKubeconfig);
  const core = kubeConfig.makeApiClient(CoreV1Api);
  await core.createNamespace({ body: { metadata: { name: "paperclip" } } });
  await core.createNamespacedSecret({
    namespace,
    body: { metadata: { name: "probe", labels: { "paperclip.io/probe": "hello" } } },
  });
  const claimOf = (name: string, owner: Record<string, string>): V1PersistentVolumeClaim => ({
    metadata: { name, labels: { "app.kubernetes.io/component": "workspace", ...owner } },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  });
  const ofAgent = claimOf("workspace", { "paperclip.io/agent-id": agentId });
  const ofCompany = claimOf("workspace-of-a-deleted-company", { "paperclip.io/company-id": DELETED_COMPANY });
  for (const body of [ofAgent, ofCompany]) await core.createNamespacedPersistentVolumeClaim({ namespace, body });
  // As 0.1.53 left one: it has no instance.
  const containers = [{ name: "claude", image: "nowhere:1" }];
  devcluster?.store.create("jobs", {
    metadata: { name: "of-before", namespace, labels: { "paperclip.io/adapter-type": "claude_k8s" } },
    spec: { template: { spec: { restartPolicy: "Never", containers } } },
  });
}

/** An administrator's kubeconfig whose context is in the namespace of the Jobs. */
async function inNamespace({ adminKubeconfig, namespace }: Place, folder: string): Promise<string> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(adminKubeconfig);
  kubeConfig.contexts = kubeConfig.contexts.map((context) => ({ ...context, namespace }));
  const file = join(folder, "kubeconfig");
  await writeFile(file, kubeConfig.exportConfig(), { mode: 0o600 });
  return file;
}
