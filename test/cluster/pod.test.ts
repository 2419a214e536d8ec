import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import type { Pod } from "kubernetes-types/core/v1";
import { expect, it } from "vitest";
import { pods } from "../../src/kubernetes/resource-types.ts";
import { leftovers, objectsOf } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun, type TestRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
let core: CoreV1Api;
usePlace((opened) => {
  place = opened;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(opened.adminKubeconfig);
  core = kubeConfig.makeApiClient(CoreV1Api);
});

const agent = (script: string): string => `cat >/dev/null; ${INIT}; ${script}; ${RESULT}`;
/** What the agent prints is a line of JSON. */
const say = (words: string): string => `printf '{"said":"%s"}\\n' "${words}"`;

async function podOf({ runId }: TestRun): Promise<Pod> {
  const labelSelector = `paperclip.io/run-id=${runId}`;
  const { items } = await place.admin.list(pods, place.namespace, { labelSelector });
  const [pod] = items;
  if (!pod) throw new Error("no pod");
  return pod;
}

it("no autoscaler takes the node of a run, unless its annotations say so", async () => {
  const annotations = { "karpenter.sh/do-not-disrupt": null, "example.com/a": "b c" };
  const run = startRun(place, { agent: agent("true"), config: { annotations, retainJobs: true } });
  expect(await run.result).toMatchObject({ exitCode: 0 });
  const pod = await podOf(run);
  expect(pod.metadata?.annotations).toMatchObject({
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "example.com/a": "b c",
  });
  expect(pod.metadata?.annotations).not.toHaveProperty(["karpenter.sh/do-not-disrupt"]);
});

it("a pod template's setup step, sidecar, environment and volume are there while the agent runs", async () => {
  const { namespace } = place;
  await core.createNamespacedSecret({ namespace, body: { metadata: { name: "team" }, stringData: { TEAM: "blue" } } });
  const image = place.image;
  const podTemplate = {
    spec: {
      initContainers: [
        {
          name: "setup",
          image,
          command: ["sh", "-c", "echo made >/work/file"],
          volumeMounts: [{ name: "work", mountPath: "/work" }],
        },
        { name: "side", image, restartPolicy: "Always", command: ["sh", "-c", "exec sleep 600"] },
      ],
      containers: [
        {
          name: "claude",
          envFrom: [{ secretRef: { name: "team" } }],
          env: [{ name: "WORK_FILE", value: "/work/file" }],
          volumeMounts: [{ name: "work", mountPath: "/work" }],
        },
      ],
      volumes: [{ name: "work", emptyDir: { sizeLimit: "10Mi" } }],
    },
  };
  const run = startRun(place, {
    agent: agent(`${say("$TEAM $(cat $WORK_FILE)")}`),
    config: { podTemplate: JSON.stringify(podTemplate) },
  });
  expect(await run.result).toMatchObject({ exitCode: 0 });
  expect(run.stdout()).toContain('{"said":"blue made"}');
  expect(await leftovers(place, run)).toEqual([]);
});

it.each([
  [
    "a volume",
    {
      spec: {
        volumes: [{ name: "x", secret: { secretName: "nowhere" } }],
        containers: [{ name: "claude", volumeMounts: [{ name: "x", mountPath: "/x" }] }],
      },
    },
    "spec.volumes[x].secret.secretName",
  ],
  [
    "a variable",
    {
      spec: {
        containers: [
          { name: "claude", env: [{ name: "A", valueFrom: { secretKeyRef: { name: "nowhere", key: "a" } } }] },
        ],
      },
    },
    "spec.containers[claude].env[A].valueFrom.secretKeyRef.name",
  ],
  [
    "the environment",
    { spec: { containers: [{ name: "claude", envFrom: [{ secretRef: { name: "nowhere" } }] }] } },
    "spec.containers[claude].envFrom[0].secretRef.name",
  ],
])("a Secret that is missing for %s is named with its field, and nothing is created", async (_, podTemplate, field) => {
  const run = startRun(place, { agent: agent("true"), config: { podTemplate } });
  const result = await run.result;
  expect(result).toMatchObject({ errorCode: "k8s_config_invalid", exitCode: null });
  expect(result.errorMessage).toContain(`podTemplate.${field}`);
  expect(result.errorMessage).toContain("names Secret nowhere, which is not in namespace");
  expect(await objectsOf(place, run)).toEqual([]);
});

it("a template that contradicts the run leaves nothing behind", async () => {
  const podTemplate = "spec: {containers: [{name: claude, command: [sleep]}]}";
  const run = startRun(place, { agent: agent("true"), config: { podTemplate } });
  expect(await run.result).toMatchObject({ errorCode: "k8s_config_invalid" });
  expect((await run.result).errorMessage).toContain("podTemplate.spec.containers[claude].command");
  expect(await objectsOf(place, run)).toEqual([]);
});

it("a company's authorities are in the file that git and curl take", async () => {
  const { namespace } = place;
  const body = { metadata: { name: "company" }, data: { "ca.crt": "# of the company\n" } };
  await core.createNamespacedConfigMap({ namespace, body });
  const script = `grep -q 'of the company' "$GIT_SSL_CAINFO" && ${say("trusted")}`;
  const run = startRun(place, { agent: agent(script), config: { caBundle: "configmap/company" } });
  expect(await run.result).toMatchObject({ exitCode: 0 });
  expect(run.stdout()).toContain('{"said":"trusted"}');
});

it("leaves the user to the cluster", async () => {
  const config = { runAsUser: "cluster", retainJobs: true };
  const run = startRun(place, { agent: agent("true"), config });
  // Where the cluster assigns none and the image has root, the kubelet refuses; the devcluster's images have no user.
  if (place.kind === "devcluster") expect(await run.result).toMatchObject({ exitCode: 0 });
  else await run.result;
  const { securityContext } = (await podOf(run)).spec ?? {};
  expect(securityContext).toMatchObject({ runAsNonRoot: true });
  for (const field of ["runAsUser", "runAsGroup", "fsGroup"]) expect(securityContext).not.toHaveProperty(field);
});
