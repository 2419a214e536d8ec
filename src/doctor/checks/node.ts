import { type PodCheck, problem } from "../check.ts";

/** Is there a Node that can run the runner, which numbers the lines of the transcript? */
export const checkNode: PodCheck = ({ probe: { runner } }) => {
  if (runner !== "sh") return [];
  const message = "The image has no Node 18 or newer: runs work, but their transcripts cannot be proven complete.";
  return [problem("warn", "k8s_image_no_node", message, "Install Node 18 or newer in the image.")];
};
