/**
 * From a cause to its fix: each setting that a fix names takes the value below, and that value reaches the run. Advice that
 * cannot be followed, or changes nothing, is worse than none.
 */
import type { PodSpec } from "kubernetes-types/core/v1";
import { describe, expect, it } from "vitest";
import { fixForWaiting } from "../../src/run/observe/waiting/fixes.ts";
import { describeWaiting } from "../../src/run/observe/waiting/waiting.ts";
import { planRun, type RunPlan } from "../../src/run/plan/run-plan.ts";
import { CONTAINER } from "../../src/run/shared/names.ts";
import { FIXES } from "../../src/run/verdict/fixes.ts";
import { JOB } from "../run/support/evidence.ts";
import { agentOf, input, podOf, secretOf } from "../run/support/plan-input.ts";
import { WAITS } from "./waiting.ts";

interface Setting {
  readonly value: unknown;
  /** What it changes: a part of the pod, of what the runner is told, or of the plan. */
  readonly pod?: (pod: PodSpec) => unknown;
  readonly run?: (spec: string) => unknown;
  readonly plan?: (plan: RunPlan) => unknown;
  /** Found there. @default the value itself */
  readonly becomes?: unknown;
  /** What it is before. @default not set */
  readonly instead?: unknown;
}

const agent = ({ containers }: PodSpec) => containers.find(({ name }) => name === CONTAINER);
const limits = (pod: PodSpec) => agent(pod)?.resources?.limits;
const requests = (pod: PodSpec) => agent(pod)?.resources?.requests;

const clones = (words: string) => (plan: RunPlan) => secretOf(plan)["repository.sh"]?.includes(words);

/** Each setting that advice names. */
const SETTINGS: Readonly<Record<string, Setting>> = {
  image: { value: "img:9", pod: (pod) => agent(pod)?.image },
  imagePullPolicy: { value: "IfNotPresent", instead: "Never", pod: (pod) => agent(pod)?.imagePullPolicy },
  imagePullSecrets: { value: ["pull"], pod: (pod) => pod.imagePullSecrets, becomes: [{ name: "pull" }] },
  cliImage: { value: "claude:9", pod: (pod) => pod.initContainers?.map(({ image }) => image), becomes: ["claude:9"] },
  serviceAccountName: { value: "bot", pod: (pod) => pod.serviceAccountName },
  priorityClassName: { value: "high", pod: (pod) => pod.priorityClassName },
  runtimeClassName: { value: "gvisor", pod: (pod) => pod.runtimeClassName },
  runAsUser: {
    value: "cluster",
    pod: (pod) => [pod.securityContext?.runAsUser, pod.securityContext?.runAsNonRoot],
    becomes: [undefined, true],
  },
  nodeSelector: { value: { "kubernetes.io/arch": "arm64" }, pod: (pod) => pod.nodeSelector },
  tolerations: { value: [{ key: "gpu", operator: "Exists" }], pod: (pod) => pod.tolerations },
  "resources.limits.memory": { value: "9Gi", pod: (pod) => limits(pod)?.memory },
  "resources.requests.memory": { value: "3Gi", pod: (pod) => requests(pod)?.memory },
  "resources.limits.ephemeral-storage": { value: "9Gi", pod: (pod) => limits(pod)?.["ephemeral-storage"] },
  "resources.requests.ephemeral-storage": { value: "3Gi", pod: (pod) => requests(pod)?.["ephemeral-storage"] },
  "resources.limits": { value: { cpu: "3", memory: "9Gi" }, pod: limits },
  "resources.requests": { value: { cpu: "2", memory: "3Gi" }, pod: requests },
  homeClaim: {
    value: "home",
    pod: (pod) => pod.volumes?.flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []),
    becomes: ["home"],
  },
  podTemplate: { value: { spec: { hostname: "agent" } }, pod: (pod) => pod.hostname, becomes: "agent" },
  gitDepth: { value: 7, plan: clones("depth=7"), becomes: true },
  gitSparse: { value: "docs", plan: clones("sparse='docs'"), becomes: true },
  checkoutTimeoutSec: { value: 777, plan: clones("checkout_sec=777"), becomes: true },
  setup: { value: "npm ci", plan: (plan) => secretOf(plan).setup, becomes: "npm ci\n" },
  setupTimeoutSec: { value: 777, plan: clones("setup_sec=777"), becomes: true },
  caBundle: {
    value: "configmap/company-ca",
    pod: (pod) => pod.volumes?.flatMap(({ configMap }) => configMap?.name ?? []),
    becomes: ["company-ca"],
  },
  command: { value: "/opt/claude", run: (spec) => spec.includes('"/opt/claude"'), becomes: true },
  extraArgs: {
    value: ["--max-budget-usd", "5"],
    run: (spec) => spec.includes('"--max-budget-usd","5"'),
    becomes: true,
  },
  model: { value: "claude-x", run: (spec) => spec.includes('"claude-x"'), becomes: true },
  maxTurnsPerRun: { value: 77, run: (spec) => /"--max-turns","77"/.test(spec), becomes: true },
  timeoutSec: { value: 777, run: (spec) => JSON.parse(spec).timeoutSec },
  queueTimeoutSec: { value: 777, plan: (plan) => plan.queueTimeoutSec },
  silenceLimitSec: { value: 777, run: (spec) => JSON.parse(spec).silenceLimitSec },
  toolSilenceLimitSec: { value: 777, run: (spec) => JSON.parse(spec).toolSilenceLimitSec },
  env: {
    value: { IS_SANDBOX: "1" },
    pod: (pod) =>
      agent(pod)
        ?.env?.map(({ name }) => name)
        .includes("IS_SANDBOX"),
    becomes: true,
  },
};

/** Names in a text: those that have a capital in them, amounts, and what stands in brackets or is to be set. */
const namesIn = (fix: string): readonly string[] => [
  ...(fix.match(/\b[a-z]+(?:[A-Z][A-Za-z]*)+\b|\bresources(?:\.[a-z-]+)+/g) ?? []),
  ...[...fix.matchAll(/\(([a-z][A-Za-z.]*)\)|\bset ([a-z]+) to\b/g)].map(([, one, other]) => one ?? other ?? ""),
];
/** Kubernetes' own. */
const NOT_SETTINGS = new Set(["fsGroup"]);

const fixes: readonly string[] = [
  ...Object.values(FIXES),
  ...WAITS.map(({ pod, events = [] }) => describeWaiting({ pod, job: JOB, events, container: CONTAINER }).fix ?? ""),
  ...["Suspended", "ErrImagePull", "FailedMapVolume"].map((reason) => fixForWaiting(reason) ?? ""),
];
const named = [...new Set(fixes.flatMap(namesIn))].filter((name) => !NOT_SETTINGS.has(name));

/** Of a task whose project has a repository. */
function planned(config: Record<string, unknown>) {
  const { ctx } = input();
  const project = { cwd: "/repos/app", source: "project_primary", repoUrl: "https://git.example.com/team/app.git" };
  const context = { ...ctx.context, paperclipWorkspace: project };
  const plan = planRun(input({ ctx: { ...ctx, context }, agent: agentOf({ image: "img:1", ...config }) }));
  return { pod: podOf(plan), run: secretOf(plan)["run.json"] ?? "", plan };
}

describe("a setting that advice names", () => {
  it.each(named)("%s takes a value, which reaches the run", (name) => {
    const setting = SETTINGS[name];
    if (!setting) throw new Error(`no value is known of ${name}`);
    const see = ({ pod, run, plan }: ReturnType<typeof planned>): unknown =>
      setting.pod?.(pod) ?? setting.run?.(run) ?? setting.plan?.(plan);
    const becomes = setting.becomes ?? setting.value;
    const [group, side] = name.split(".");
    const config =
      name.split(".").length === 2 ? { [group ?? ""]: { [side ?? ""]: setting.value } } : { [name]: setting.value };
    expect(see(planned(config))).toEqual(becomes);
    const before = setting.instead === undefined ? {} : { [name]: setting.instead };
    expect(see(planned(before)), "without it").not.toEqual(becomes);
  });

  it("is each that is known here, so that the list names no more", () => {
    expect(Object.keys(SETTINGS).filter((name) => !named.includes(name) && !fixes.join("\n").includes(name))).toEqual(
      [],
    );
  });
});
