import { type PodCheck, problem } from "../check.ts";

/** Claude Code's Bash tool runs in bash or zsh and in no other shell; without, each call fails and the run "succeeds". */
export const checkShell: PodCheck = ({ probe: { facts } }) => {
  if (!facts || facts.bash) return [];
  const message = "The image has neither bash nor zsh: every command that the agent wants to run fails.";
  return [problem("error", "k8s_image_no_bash", message, "Install bash in the image.")];
};
