/** Paperclip's own pod on a devcluster, with its home on a claim that this process sees under the same path as the pods. */
import { join } from "node:path";
import { CoreV1Api, KubeConfig, type V1Pod, type V1PodSpec } from "@kubernetes/client-node";
import { pods } from "../../../src/kubernetes/resource-types.ts";
import type { Place } from "./place.ts";

const CLAIM = "paperclip-home";
const HOST_POD = "paperclip-0";
/** In no other word of its command: the devcluster puts the claim's real directory in its place. */
const ANYWHERE = "/claim-of-paperclip";

/** The environment by which an adapter finds that it is in that pod. `account`: the pod's, with whose token it is started. */
export async function furnishHostPod(
  place: Place,
  account: string | null = null,
): Promise<NodeJS.ProcessEnv & { readonly PAPERCLIP_HOME: string }> {
  const { namespace } = place;
  const home = await makeClaim(place, CLAIM);
  const { spec, ...body } = podWithClaim(place, {
    ...{ name: HOST_POD, claim: CLAIM, mountPath: home, script: "exec sleep 600" },
  });
  const named = { ...body, spec: { ...spec, ...(account ? { serviceAccountName: account } : {}) } as V1PodSpec };
  await coreOf(place).createNamespacedPod({ namespace, body: named });
  return { HOSTNAME: HOST_POD, PAPERCLIP_NAMESPACE: namespace, PAPERCLIP_HOME: home };
}

/** An agent's private home, as Paperclip sees it. */
export const privateHomeOf = (env: NodeJS.ProcessEnv, agentId: string, companyId = "company"): string =>
  join(env.PAPERCLIP_HOME ?? "", "claude_k8s/homes", companyId, agentId);

/** The runners' copies of the transcripts in a home. */
export const copiesIn = (home: string): string => join(home, ".claude-k8s/transcripts");

/** A claim, and the folder of this machine that pods of the devcluster see in its place. */
export async function makeClaim(place: Place, claim: string): Promise<string> {
  const { namespace } = place;
  await coreOf(place).createNamespacedPersistentVolumeClaim({
    namespace,
    body: {
      metadata: { name: claim },
      spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "1Gi" } } },
    },
  });
  const scout = `scout-of-${claim}`;
  const body = podWithClaim(place, { name: scout, claim, mountPath: ANYWHERE, script: `echo ${ANYWHERE}` });
  await coreOf(place).createNamespacedPod({ namespace, body });
  return (await logOf(place, scout)).trim();
}

function coreOf(place: Place): CoreV1Api {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(place.adminKubeconfig);
  return kubeConfig.makeApiClient(CoreV1Api);
}

interface PodOfClaim {
  readonly name: string;
  readonly claim: string;
  readonly mountPath: string;
  readonly script: string;
}

function podWithClaim(place: Place, { name, claim, mountPath, script }: PodOfClaim): V1Pod {
  return {
    metadata: { name },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "paperclip",
          image: place.image,
          command: ["sh", "-c", script],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          volumeMounts: [{ name: "home", mountPath }],
        },
      ],
      volumes: [{ name: "home", persistentVolumeClaim: { claimName: claim } }],
    },
  };
}

async function logOf({ admin, namespace }: Place, pod: string): Promise<string> {
  for (;;) {
    const found = await admin.find(pods, namespace, pod);
    if (found?.status?.phase === "Succeeded") break;
    await admin.clock.sleep(20);
  }
  const opening = await admin.openLog({ namespace, pod, container: "paperclip" }, AbortSignal.timeout(10_000));
  if (opening.kind !== "open") throw new Error(`no log of ${pod}: ${opening.kind}`);
  let text = "";
  for await (const chunk of opening.body) text += chunk.toString();
  return text;
}
