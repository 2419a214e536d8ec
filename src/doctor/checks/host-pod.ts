import type { HostPod } from "../../paperclip/host-pod.ts";
import { type Check, info, problem } from "../check.ts";

interface TakenOver {
  readonly what: string;
  /** What ends it. */
  readonly off: string;
}

/** @param isHere whether agents run in the pod's namespace: claims and Secrets are for their own namespace only */
function takenOver(pod: HostPod, isHere: boolean): readonly TakenOver[] {
  const { image, imagePullSecrets, nodeSelector, tolerations, affinity, dnsConfig, homeClaim, user } = pod;
  const some = (is: boolean, what: string, off: string): TakenOver[] => (is ? [{ what, off }] : []);
  const labels = Object.entries(nodeSelector).map(([key, value]) => `${key}=${value}`);
  const secrets = imagePullSecrets.map(({ name }) => name).join(", ");
  const ids = [user.uid, user.gid].filter((id) => id !== null).join(":");
  return [
    ...some(image !== null, `image ${image}`, "set `image`"),
    ...some(isHere && secrets !== "", `pull secrets ${secrets}`, "`imagePullSecrets: []`"),
    ...some(
      labels.length > 0,
      `node selector ${labels.join(", ")}`,
      "`nodeSelector: {}`, where the policy has `allow.nodeLabels`",
    ),
    ...some(affinity !== null, "node affinity", "`nodeSelector: {}`, likewise"),
    ...some(
      tolerations.length > 0,
      `${tolerations.length} tolerations`,
      "`tolerations: []`, where the policy has `allow.tolerations`",
    ),
    ...some(dnsConfig !== null, "DNS settings", "`podTemplate: {spec: {dnsConfig: null}}`"),
    ...some(ids !== "", `user ${ids}`, "set `runAsUser`"),
    ...some(
      isHere && homeClaim !== null,
      `home volume ${homeClaim?.claimName}`,
      "set `homeClaim`, or `home: none` in the policy",
    ),
  ];
}

/** Does Paperclip run in this cluster, so that agents' pods take over image, placement and home? May we look at all? */
export const checkHostPod: Check = ({ hostPod, namespace }) => {
  switch (hostPod.kind) {
    case "found": {
      const { namespace: own, name } = hostPod.pod;
      const taken = takenOver(hostPod.pod, own === namespace).map(({ what, off }) => `${what} (${off})`);
      const list = taken.length > 0 ? taken.join("; ") : "nothing";
      const message = `Pods take over from Paperclip's own pod ${own}/${name}, container ${hostPod.pod.container}, what the agent does not set: ${list}.`;
      return Promise.resolve([info("k8s_host_pod", message)]);
    }
    case "none":
      return Promise.resolve([
        info("k8s_host_pod_none", `Nothing is taken over from a pod of Paperclip: ${hostPod.why}.`),
      ]);
    case "unseen": {
      const what = "Image, placement and home volume of Paperclip's own pod are not taken over";
      return Promise.resolve([problem("warn", "k8s_host_pod_unseen", `${what}: ${hostPod.why}.`, hostPod.fix)]);
    }
  }
};
