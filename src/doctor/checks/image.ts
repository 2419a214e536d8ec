import { type Check, info, problem } from "../check.ts";

const SET = `Set "Image" to one that has Claude Code (claude) in its PATH.`;

/** Which image do the pods run? */
export const checkImage: Check = ({ agent, hostPod }) => {
  const { image } = agent.config;
  if (image) return Promise.resolve([info("k8s_image_configured", `Pods run ${image}.`)]);
  if (hostPod.kind === "found" && hostPod.pod.image)
    return Promise.resolve([info("k8s_image_inherited", `Pods run Paperclip's own image ${hostPod.pod.image}.`)]);
  const why = hostPod.kind === "found" ? "Paperclip's own pod names none" : hostPod.why;
  const fix = hostPod.kind === "unseen" ? `${hostPod.fix} Or: ${SET}` : SET;
  return Promise.resolve([
    problem("error", "k8s_image_missing", `No image is set, and none can be taken over: ${why}.`, fix),
  ]);
};
