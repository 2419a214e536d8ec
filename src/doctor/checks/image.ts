import { type Check, info, problem } from "../check.ts";

/** Which image do the pods run? */
export const checkImage: Check = ({ agent, hostPod }) => {
  const { image } = agent.config;
  if (image) return Promise.resolve([info("k8s_image_configured", `Pods run ${image}.`)]);
  if (hostPod?.image)
    return Promise.resolve([info("k8s_image_inherited", `Pods run Paperclip's own image ${hostPod.image}.`)]);
  return Promise.resolve([
    problem(
      "error",
      "k8s_image_missing",
      "No image is set, and Paperclip does not run in a pod of this cluster whose image could be taken.",
      `Set "Image" to one that has Claude Code (claude) in its PATH.`,
    ),
  ]);
};
