/** deploy/chart as an operator installs it beside a Paperclip, with the real Helm: runs go through with the rights it gives. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { AppsV1Api, CoreV1Api, KubeConfig, NetworkingV1Api } from "@kubernetes/client-node";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { openCluster } from "../../src/kubernetes/cluster.ts";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { readPolicy } from "../../src/policy/policy.ts";
import { helmTools } from "../../toolchain/helm/tools.ts";
import { changed } from "../deploy/support/bad-jobs.ts";
import { chartFolder, type Helm, hasHelm, helmFor, RELEASE } from "../deploy/support/helm.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun, type TestRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

const CLAIM = "claude-home";

let place: Place;
/** The place's namespace is Paperclip's; agents have one that the chart makes. */
let agents: Place;
let helm: Helm;
let core: CoreV1Api;
let networking: NetworkingV1Api;
let apps: AppsV1Api;
let folder: string;
usePlace(async (opened) => {
  place = opened;
  agents = { ...place, namespace: `${place.namespace}-agents` };
  helm = await helmFor(place.adminKubeconfig);
  folder = await mkdtemp(join(tmpdir(), "chart-"));
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(place.adminKubeconfig);
  core = kubeConfig.makeApiClient(CoreV1Api);
  apps = kubeConfig.makeApiClient(AppsV1Api);
  networking = kubeConfig.makeApiClient(NetworkingV1Api);
});
afterAll(async () => {
  await helm?.run("uninstall", RELEASE, `--namespace=${place.namespace}`, "--ignore-not-found");
  await core?.deleteNamespace({ name: agents.namespace }).catch(() => "never installed");
  await helm?.close();
  await rm(folder, { recursive: true, force: true });
});

/** What the operator says: where agents are, their image, and that this Paperclip has a kubeconfig. */
async function release(command: "install" | "upgrade", more: object = {}): Promise<string> {
  const values = {
    agents: {
      namespace: agents.namespace,
      image: place.image,
      homeClaim: { create: true, name: CLAIM, size: "1Gi", accessModes: ["ReadWriteOnce"] },
    },
    policy: { clusters: { default: { kubeconfig: place.kubeconfig } } },
    prePull: { enabled: true },
    admission: { images: place.image.replaceAll(/[.?*+^$[\]\\(){}|]/g, String.raw`\$&`) },
    ...more,
  };
  const file = join(folder, "values.yaml");
  await writeFile(file, JSON.stringify(values));
  return helm.run(command, RELEASE, chartFolder, `--namespace=${place.namespace}`, "--values", file);
}

/** Under the policy that the chart has written, and nothing else. */
async function start(agent: string, config: Record<string, unknown> = {}): Promise<TestRun> {
  const { data } = await core.readNamespacedConfigMap({ namespace: place.namespace, name: "claude-k8s-policy" });
  const path = join(folder, `policy-${performance.now()}.yaml`);
  await writeFile(path, data?.["policy.yaml"] ?? "", { mode: 0o444 });
  const policy = await readPolicy({ PAPERCLIP_K8S_POLICY: path });
  return startRun(agents, { agent, config, dependencies: { readPolicy: () => Promise.resolve(policy) } });
}

const policyNames = async (): Promise<(string | undefined)[]> =>
  (await networking.listNamespacedNetworkPolicy({ namespace: agents.namespace })).items.map(
    ({ metadata }) => metadata?.name,
  );

/** On each node that takes it. */
async function prePulled(): Promise<boolean> {
  const { status } = await apps.readNamespacedDaemonSet({ namespace: place.namespace, name: "claude-k8s-pre-pull" });
  return (status?.numberReady ?? 0) > 0 && status?.numberReady === status?.desiredNumberScheduled;
}

describe.skipIf(!hasHelm)("the chart", () => {
  it("is installed in one step, and a run goes through with its service account, claim and policy", async () => {
    await release("install");
    await expect.poll(prePulled, { timeout: 100_000 }).toBe(true);
    const run = await start(`cat >/dev/null; ${INIT}; echo kept > "$HOME/kept"; ${RESULT}`);
    await run.event("k8s.pod.running");
    const [job] = (
      await place.admin.list(jobs, agents.namespace, { labelSelector: "paperclip.io/adapter-type=claude_k8s" })
    ).items;
    const pod = job?.spec?.template.spec;
    expect(pod).toMatchObject({ serviceAccountName: "claude-agent", automountServiceAccountToken: false });
    expect(JSON.stringify(pod?.volumes)).toContain(`"claimName":"${CLAIM}"`);
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null, sessionId: SESSION });
    expect(await leftovers(agents, run)).toEqual([]);
  });

  it("refuses what its policy does not allow", async () => {
    const run = await start("true", { serviceAccountName: "default" });
    expect(await run.result).toMatchObject({ errorCode: "k8s_policy_refused" });
  });

  it("prints the patch of a Paperclip that is there already", async () => {
    const notes = await helm.run("get", "notes", RELEASE, `--namespace=${place.namespace}`);
    const container = { name: "paperclip", image: "i", env: [{ name: "HOST", value: "0.0.0.0" }] };
    const template = { metadata: { labels: { app: "p" } }, spec: { containers: [container] } };
    const spec = { selector: { matchLabels: { app: "p" } }, template };
    const file = join(folder, "deployment.json");
    await writeFile(
      file,
      JSON.stringify({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "paperclip" }, spec }),
    );
    // As it stands there, pasted into a shell, but onto a file.
    const [command = ""] = /^kubectl .*?^\)"$/ms.exec(notes) ?? [];
    const onFile = command.replace(
      /^kubectl -n \S+ patch deployment paperclip/,
      '"$KUBECTL" patch --local -o yaml -f "$FILE"',
    );
    const kubectl = (await helmTools())?.kubectl ?? "kubectl";
    const env = { PATH: process.env.PATH ?? "", HOME: folder, KUBECTL: kubectl, FILE: file };
    const { stdout } = await promisify(execFile)("sh", ["-c", onFile], { env });
    const { containers, volumes } = parse(stdout).spec.template.spec;
    expect(containers).toMatchObject([
      {
        name: "paperclip",
        image: "i",
        env: [
          { name: "PAPERCLIP_K8S_API_URL", value: `http://paperclip.${place.namespace}.svc:3100` },
          { name: "PAPERCLIP_K8S_POLICY", value: "/etc/paperclip-k8s/policy.yaml" },
          { name: "HOST", value: "0.0.0.0" },
        ],
        volumeMounts: [{ name: "claude-k8s-policy", mountPath: "/etc/paperclip-k8s", readOnly: true }],
      },
    ]);
    expect(volumes).toEqual([{ name: "claude-k8s-policy", configMap: { name: "claude-k8s-policy" } }]);
  });

  it("is upgraded while an agent works: the agent goes on, what is taken out is gone, a new policy holds for the next run", async () => {
    const run = await start(
      `cat >/dev/null; ${INIT}; echo working; while [ ! -e "$HOME/go" ]; do sleep 0.1; done; ${RESULT}`,
    );
    await run.said("working");
    expect(await policyNames()).toContain("claude-agents-allow-public");
    await release("upgrade", {
      network: { publicAddresses: false },
      policy: { clusters: { default: { kubeconfig: place.kubeconfig } }, limits: { timeoutSec: { max: 60 } } },
    });
    expect(await policyNames()).not.toContain("claude-agents-allow-public");
    const next = await start(`cat >/dev/null; ${INIT}; touch "$HOME/go"; ${RESULT}`, { timeoutSec: 60 });
    expect(await next.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null, sessionId: SESSION });
    const refused = await start("true", { timeoutSec: 61 });
    expect(await refused.result).toMatchObject({ errorCode: "k8s_policy_refused" });
  });

  it("is uninstalled without the agents' files, and installed again over them", async () => {
    const said = await helm.run("uninstall", RELEASE, `--namespace=${place.namespace}`, "--wait", "--timeout=100s");
    expect(said).toContain(`[PersistentVolumeClaim] ${CLAIM}`);
    expect(said).toContain(`[Namespace] ${agents.namespace}`);
    expect(await policyNames()).toEqual([]);
    await release("install");
    const run = await start(`cat >/dev/null; ${INIT}; cat "$HOME/kept"; ${RESULT}`);
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(run.stdout()).toContain("kept\n");
  });

  // The devcluster keeps admission policies, and does not ask them.
  it.skipIf(!process.env.TEST_KUBECONFIG)("holds Paperclip's account to its values, installed again too", async () => {
    const cluster = await openCluster({ kubeconfig: place.kubeconfig });
    const paperclip = new KubernetesClient(cluster);
    const attempt = (image: string): Promise<string> => {
      const job = changed(({ container }) => Object.assign(container, { image }));
      const mine = { ...job, metadata: { ...job.metadata, namespace: agents.namespace } };
      return paperclip.create(jobs, agents.namespace, mine, { dryRun: true }).then(() => "admitted", String);
    };
    // A policy that was just created takes effect within seconds.
    await expect
      .poll(() => attempt("registry.example/other:1"), { timeout: 60_000 })
      .toContain("(admission.images of the chart)");
    expect(await attempt(place.image)).toBe("admitted");
    await cluster.close();
  });
});
