import { info, type PodCheck, problem } from "../check.ts";
import { homeOf } from "../home.ts";

/** Can the agent's user write to its home, and make its working directory? */
export const checkHomeWritable: PodCheck = (context) => {
  const { facts } = context.probe;
  if (!facts) return [];
  const { claim, path } = homeOf(context);
  const user = context.plan instanceof Error ? null : context.plan.job.spec?.template.spec?.securityContext?.runAsUser;
  const who = user ? `user ${user}` : "the agent's user";
  const where = claim ? `${path} (claim ${claim.claimName})` : path;
  if (facts.homeProblem) {
    const fix = `Give the volume to ${who} (chown), or use one that the pod's user may write to.`;
    return [
      problem(
        "error",
        "k8s_home_not_writable",
        `The home ${where} is not writable for ${who}: ${facts.homeProblem}.`,
        fix,
      ),
    ];
  }
  if (facts.folderProblem) {
    const message = `The agent's working directory cannot be used: ${facts.folderProblem} is not writable for ${who}.`;
    return [
      problem("error", "k8s_cwd_not_writable", message, `Give that folder to ${who} (chown), or set another "cwd".`),
    ];
  }
  return [info("k8s_home_writable", `The home ${where} is writable.`)];
};
