/** Paperclip's own pod on a devcluster, with its home on a claim that this process sees under the same path as the pods. */
import { CoreV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";
import { pods } from "../../../src/kubernetes/resource-types.ts";
import type { Place } from "./place.ts";

const CLAIM = "paperclip-home";
const HOST_POD = "paperclip-0";
const SCOUT = "scout";
/** In no other word of its command: the devcluster puts the claim's real directory in its place. */
const ANYWHERE = "/claim-of-paperclip";

/** The environment by which an adapter finds that it is in that pod. */
export async function furnishHostPod(place: Place): Promise<NodeJS.ProcessEnv & { readonly PAPERCLIP_HOME: string }> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(place.adminKubeconfig);
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const { namespace } = place;
  await core.createNamespacedPersistentVolumeClaim({
    namespace,
    body: {
      metadata: { name: CLAIM },
      spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "1Gi" } } },
    },
  });
  await core.createNamespacedPod({ namespace, body: podWithClaim(place, SCOUT, ANYWHERE, `echo ${ANYWHERE}`) });
  const home = (await logOf(place, SCOUT)).trim();
  await core.createNamespacedPod({ namespace, body: podWithClaim(place, HOST_POD, home, "exec sleep 600") });
  return { HOSTNAME: HOST_POD, PAPERCLIP_NAMESPACE: namespace, PAPERCLIP_HOME: home };
}

function podWithClaim(place: Place, name: string, mountPath: string, script: string): V1Pod {
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
      volumes: [{ name: "home", persistentVolumeClaim: { claimName: CLAIM } }],
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
