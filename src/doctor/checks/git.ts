import { type PodCheck, problem } from "../check.ts";

/** Agents that write code need it. */
export const checkGit: PodCheck = ({ probe: { facts } }) =>
  !facts || facts.git
    ? []
    : [
        problem(
          "warn",
          "k8s_image_no_git",
          "The image has no git.",
          "Install git in the image, if the agent works on code.",
        ),
      ];
