import { type Check, info, problem } from "../check.ts";

/** Does Paperclip run in this cluster, so that agents' pods take over image, placement and home? May we look at all? */
export const checkHostPod: Check = ({ hostPod }) => {
  switch (hostPod.kind) {
    case "found": {
      const { namespace, name } = hostPod.pod;
      const what = `Pods take over from Paperclip's own pod ${namespace}/${name} what the agent does not set`;
      return Promise.resolve([info("k8s_host_pod", `${what}: image, placement, home volume.`)]);
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
