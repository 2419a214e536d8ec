import { type PodCheck, problem } from "../check.ts";

/** Is there a Node that can run the runner, which numbers the lines of the transcript? */
export const checkNode: PodCheck = ({ probe: { runner }, agent }) => {
  if (runner !== "sh") return [];
  const isNeeded = agent.policy.recorder === "separate";
  const what = isNeeded
    ? "the agent does not start, for the policy has a recorder of its own (recorder: separate), which is a Node program"
    : "runs work, but their transcripts cannot be proven complete";
  const message = `The image has no Node 18 or newer: ${what}.`;
  const fix = "Install Node 18 or newer in the image, or bring it by a second image (cliImage).";
  return [problem(isNeeded ? "error" : "warn", "k8s_image_no_node", message, fix)];
};
