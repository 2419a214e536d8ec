/**
 * The pod templates of agent and operator on the adapter's own: merged one after another, then completed to the security
 * level, then held to what no template changes. Pure. What is wrong is refused with its place, before anything is created.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { PodTemplateSpec } from "kubernetes-types/core/v1";
import { MergeError, strategicMerge } from "../../../../strategic-merge/strategic-merge.ts";
import { ConfigError, type ConfigProblem } from "../../../config/config-error.ts";
import { templateProblems } from "../../../config/pod-template/check.ts";
import { writtenPath } from "../../../config/pod-template/path.ts";
import { listOf, plain } from "../../../config/pod-template/problem.ts";
import type { Plain, TemplateProblem } from "../../../config/pod-template/walk.ts";
import type { GovernedAgent, PodTemplateLayer } from "../../../policy/policy.ts";
import { CONTAINER } from "../../shared/names.ts";
import { type AgentsBounds, foreignProblems } from "./foreign.ts";
import { brokenInvariants } from "./invariants.ts";
import { securityProblems } from "./pod-security.ts";

/** The template after a layer. */
export interface TemplateStage {
  readonly field: string;
  readonly template: Plain;
}

export interface Overlaid {
  readonly job: Job;
  readonly stages: readonly TemplateStage[];
  /** Sentences on what may surprise. */
  readonly notes: readonly string[];
}

type Rules = Pick<GovernedAgent, "podTemplates"> & {
  readonly policy: Pick<GovernedAgent["policy"], "podSecurity" | "trust" | "home">;
};

/**
 * Throws ConfigError.
 *
 * @param claim of Paperclip's own home, in the namespace of the Job; null: there is none
 */
export function overlaid(made: Job, { podTemplates, policy }: Rules, claim: string | null): Overlaid {
  const { podSecurity } = policy;
  const { spec } = made;
  if (!spec || podTemplates.length === 0) return { job: made, stages: [], notes: [] };
  const original = spec.template as Plain;
  const stages: TemplateStage[] = [];
  let template = original;
  // After each, so that the one at fault is named.
  for (const [index, layer] of podTemplates.entries()) {
    template = merged(template, layer);
    stages.push({ field: layer.field, template });
    const later = podTemplates.slice(index + 1).map(({ overlay }) => overlay);
    refuse(layer, problemsOf(original, template, layer.by === "operator" ? null : boundsOf(policy, claim, later)));
    refuse(layer, insecure(completed(template, podSecurity), podSecurity), levelFix(layer, podSecurity));
  }
  template = completed(template, podSecurity);
  stages.push({ field: `Pod Security level ${podSecurity}`, template });
  const job = { ...made, spec: { ...spec, template: template as PodTemplateSpec } };
  return { job, stages, notes: notesOf(original, template) };
}

function merged(template: Plain, { field, overlay }: PodTemplateLayer): Plain {
  try {
    return strategicMerge(template, overlay);
  } catch (error) {
    if (!(error instanceof MergeError)) throw error;
    throw new ConfigError([{ field, problem: `cannot be merged: ${error.message}`, fix: FIX }]);
  }
}

const FIX = "Correct it there; docs/pod.md says what a template may change.";

const boundsOf = ({ trust, home }: Rules["policy"], claim: string | null, later: readonly Plain[]): AgentsBounds => ({
  paperclipsClaim: home === "shared" ? null : claim,
  noTokens: trust !== "full",
  later,
});

function problemsOf(original: Plain, template: Plain, agents: AgentsBounds | null): readonly TemplateProblem[] {
  const problems = templateProblems(template);
  if (problems.length > 0) return problems;
  const broken = brokenInvariants(original, template);
  return [...broken, ...foreignProblems(plain(original.spec), plain(template.spec), agents)];
}

const insecure = (template: Plain, level: Rules["policy"]["podSecurity"]): readonly TemplateProblem[] =>
  securityProblems(plain(template.spec), level).map(({ path, problem }) => ({
    path: [{ field: "spec" }, ...path],
    problem: `${problem}, which the Pod Security level ${level} forbids`,
  }));

const levelFix = ({ by }: PodTemplateLayer, level: string): string => {
  const next = level === "restricted" ? "baseline" : "privileged";
  const who = by === "operator" ? "or set" : "or the operator of Paperclip sets";
  return `Take it out of the template, ${who} in the policy (PAPERCLIP_K8S_POLICY): podSecurity: ${next}`;
};

function refuse({ field }: PodTemplateLayer, found: readonly TemplateProblem[], fix = FIX): void {
  if (found.length === 0) return;
  const problems = found.map(
    ({ path, problem }): ConfigProblem => ({ field: placed(field, writtenPath(path)), problem, fix }),
  );
  throw new ConfigError(problems);
}

/** `podTemplate.spec.volumes[x]`, and `podTemplate.spec.volumes[x] of the policy`. */
function placed(field: string, path: string): string {
  const [name = field, ...rest] = field.split(" ");
  return [path === "" ? name : `${name}.${path}`, ...rest].join(" ");
}

/** Containers of a template get what the level asks of each, where they say nothing. */
function completed(template: Plain, level: Rules["policy"]["podSecurity"]): Plain {
  if (level !== "restricted") return template;
  const spec = plain(template.spec);
  const lists = (["initContainers", "containers"] as const)
    .filter((field) => Array.isArray(spec[field]))
    .map((field) => [field, listOf(spec[field]).map(completedContainer)] as const);
  return { ...template, spec: { ...spec, ...Object.fromEntries(lists) } };
}

function completedContainer(container: Plain): Plain {
  if (container.name === CONTAINER) return container;
  const security = plain(container.securityContext);
  const capabilities = { drop: ["ALL"], ...plain(security.capabilities) };
  return { ...container, securityContext: { allowPrivilegeEscalation: false, ...security, capabilities } };
}

function notesOf(original: Plain, template: Plain): string[] {
  const old = listOf(plain(original.spec).containers).map(({ name }) => name);
  return listOf(plain(template.spec).containers)
    .filter(({ name }) => !old.includes(name))
    .map(
      ({ name }) =>
        `Container ${name} of the pod template does not end with the agent: its pod stays until the run's Job is removed. As an init container with restartPolicy Always it would end with it.`,
    );
}
