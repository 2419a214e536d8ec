/** Each snippet of docs/recipes, read as whoever follows the page has it read: by the policy's parser, and as an agent's configuration. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parsePolicy } from "../../src/policy/parse-policy.ts";
import { govern } from "../../src/policy/policy.ts";
import { securityProblems } from "../../src/run/plan/overlay/pod-security.ts";
import { planRun } from "../../src/run/plan/run-plan.ts";
import { input, podOf } from "../run/support/plan-input.ts";

const folder = fileURLToPath(new URL("../../docs/recipes", import.meta.url));
const who = { companyId: "company-1", agentId: "agent-1" };
const pages = readdirSync(folder).filter((name) => name !== "README.md");

interface Snippet {
  readonly page: string;
  readonly kind: string;
  readonly text: string;
}

const snippetsOf = (page: string): Snippet[] =>
  [...readFileSync(join(folder, page), "utf8").matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, , text = ""]) => ({
    page,
    kind: /^# (.*)$/m.exec(text)?.[1] ?? "",
    text,
  }));

const all = pages.flatMap(snippetsOf);
const policyOf = (text: string) => parsePolicy(text, { path: "p", named: "p", ownKubeconfigs: [] }).policy;

/** Policies of one page are parts of one file, as the page tells it. */
function wholePolicy(page: string) {
  const files = snippetsOf(page).filter(({ kind }) => kind === "policy.yaml");
  const merged = files.reduce<Record<string, unknown>>((whole, { text }) => mergeMaps(whole, parse(text)), {});
  return policyOf(JSON.stringify(merged));
}

function mergeMaps(one: Record<string, unknown>, other: Record<string, unknown>): Record<string, unknown> {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const merged = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = merged[key];
    merged[key] = isMap(before) && isMap(value) ? mergeMaps(before, value) : value;
  }
  return merged;
}

const planned = (config: Record<string, unknown>, policy: ReturnType<typeof policyOf>) =>
  planRun(input({ agent: govern({ image: "img:1", ...config }, policy, who) }));

/** As strict as the parsers are: a key that they do not know is a note, which no recipe may have. */
function expectSound(config: Record<string, unknown>, policy: ReturnType<typeof policyOf>): void {
  const agent = govern(config, policy, who);
  expect(agent.notes).toEqual([]);
  expect(agent.upToTheAgent).toEqual([]);
  expect(securityProblems({ ...podOf(planned(config, policy)) }, "restricted")).toEqual([]);
}

describe("docs/recipes", () => {
  it("has a page for each kind of cluster, each with a policy and what was tried, and the list of them links each", () => {
    const names = ["aks", "eks", "gke", "gvisor", "istio", "k3s-kind", "openshift", "proxy"];
    expect(pages.toSorted()).toEqual(names.map((name) => `${name}.md`));
    const list = readFileSync(join(folder, "README.md"), "utf8");
    for (const page of pages) {
      const text = readFileSync(join(folder, page), "utf8");
      expect(list, page).toContain(`](${page})`);
      expect(text, page).toMatch(/^\*\*Tried:\*\* .*\*\*Not tried:\*\* /m);
      expect(snippetsOf(page).map(({ kind }) => kind)).toContain("policy.yaml");
    }
  });

  it("has no snippet of an unknown kind", () => {
    for (const { kind, text } of all) expect(["policy.yaml", "agent", "kubectl apply -f"], text).toContain(kind);
  });

  it.each(all.filter(({ kind }) => kind === "policy.yaml"))("$page: a policy alone", ({ text }) => {
    expectSound({}, policyOf(text));
  });

  it.each(pages)("%s: its policies together", (page) => {
    expectSound({}, wholePolicy(page));
  });

  it.each(all.filter(({ kind }) => kind === "agent"))("$page: an agent under the page's policy", ({ page, text }) => {
    expectSound(parse(text), wholePolicy(page));
  });

  it.each(all.filter(({ kind }) => kind.startsWith("kubectl")))("$page: an object for kubectl", ({ text }) => {
    expect(parse(text)).toMatchObject({
      apiVersion: expect.stringMatching(/^[a-z0-9./]+$/),
      kind: expect.any(String),
      metadata: { name: expect.any(String) },
    });
  });
});

describe("what the recipes say of the pod is so:", () => {
  it("GKE: the annotation that keeps pods from spot nodes is gone, and stays with other agents", () => {
    const policy = wholePolicy("gke.md");
    const [agent] = snippetsOf("gke.md").filter(({ kind }) => kind === "agent");
    const annotations = (config: Record<string, unknown>) =>
      planned(config, policy).job.spec?.template.metadata?.annotations;
    const key = "cluster-autoscaler.kubernetes.io/safe-to-evict";
    expect(annotations({})).toHaveProperty([key], "false");
    expect(annotations(parse(agent?.text ?? ""))).not.toHaveProperty([key]);
  });

  it("OpenShift: no user, group or fsGroup, and git's names", () => {
    const [first] = snippetsOf("openshift.md");
    const pod = podOf(planned({}, policyOf(first?.text ?? "")));
    for (const field of ["runAsUser", "runAsGroup", "fsGroup"]) expect(pod.securityContext).not.toHaveProperty(field);
    expect(pod.containers[0]?.env).toContainEqual({ name: "GIT_AUTHOR_NAME", value: "agent" });
  });

  it("Istio: pods are out of the mesh by a label of every pod", () => {
    const [first] = snippetsOf("istio.md");
    const { job } = planned({}, policyOf(first?.text ?? ""));
    expect(job.spec?.template.metadata?.labels).toHaveProperty(["sidecar.istio.io/inject"], "false");
  });

  it("a proxy: every pod has it, also where the agent has variables of its own", () => {
    const pod = podOf(planned({ env: { MINE: "1" } }, wholePolicy("proxy.md")));
    const names = pod.containers[0]?.env?.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["MINE", "HTTPS_PROXY", "NO_PROXY"]));
    expect(pod.volumes).toContainEqual({ name: "authorities", configMap: { name: "company-ca" } });
  });
});
