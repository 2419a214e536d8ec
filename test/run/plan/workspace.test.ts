/** Which folder the agent works in, and how its project comes there. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Installation } from "../../../src/paperclip/installation.ts";
import { govern } from "../../../src/policy/policy.ts";
import { policySchema } from "../../../src/policy/schema.ts";
import type { PlanInput } from "../../../src/run/plan/plan-input.ts";
import { planRun, type RunPlan } from "../../../src/run/plan/run-plan.ts";
import { cloneable, directoryOf, shownUrl } from "../../../src/run/plan/workspace/repository.ts";
import { policyOf } from "../../support/policy.ts";
import { hostPod, input, podOf, privately, secretOf } from "../support/plan-input.ts";

const PROJECT = "/paperclip/instances/default/projects/company-1/project-1/app";
const OWN = "/paperclip/instances/default/workspaces/agent-1";
const REPOSITORY = { repoUrl: "https://git.example/team/app.git", repoRef: "main", branchName: "fix-it" };
const project = { cwd: PROJECT, source: "project_primary", agentHome: OWN, ...REPOSITORY };
const elsewhere = { ...project, cwd: "/repos/app" };
const noProject = { cwd: OWN, source: "agent_home", agentHome: OWN };

interface Case {
  readonly workspace: object;
  readonly config?: Record<string, unknown>;
  /** Paperclip's own volume is there. @default true */
  readonly volume?: boolean;
  readonly taskId?: string | null;
}

function planOf({ workspace, config = {}, volume = true, taskId = "task-1" }: Case, change: Partial<PlanInput> = {}) {
  const { ctx } = input();
  const context = { ...ctx.context, taskId, paperclipWorkspace: workspace };
  const more = { ctx: { ...ctx, context }, agent: privately(config), hostPod: volume ? hostPod : null };
  return planRun(input({ ...more, ...change }));
}

const notesOf = (plan: RunPlan): string => plan.meta.commandNotes?.join("\n") ?? "";
const mountOf = (plan: RunPlan, path: string) =>
  podOf(plan).containers[0]?.volumeMounts?.find(({ mountPath }) => mountPath === path);
const volumeOf = (plan: RunPlan, name: string) => podOf(plan).volumes?.find((volume) => volume.name === name);
const inClone = {
  cwd: "/workspace/app",
  repository: { url: REPOSITORY.repoUrl, ref: "main", branch: "fix-it" },
};

describe("a workspace that is chosen by itself", () => {
  it.each<[string, Case, object]>([
    ["Paperclip's folder where the pod sees it", { workspace: project }, { kind: "mounted", cwd: PROJECT }],
    ["a clone where it does not", { workspace: elsewhere }, { kind: "clone", ...inClone }],
    ["a clone where there is no volume", { workspace: project, volume: false }, { kind: "clone", ...inClone }],
    [
      "a clone where Paperclip could make no folder",
      { workspace: { ...project, cwd: OWN } },
      { kind: "clone", ...inClone },
    ],
    ["Paperclip's folder for the agent without a project", { workspace: noProject }, { kind: "mounted", cwd: OWN }],
    [
      "a folder of its own where there is nothing",
      { workspace: {}, volume: false },
      { kind: "empty", cwd: "/paperclip/workspaces/agent-1", warning: null },
    ],
    [
      "the directory that the agent names",
      { workspace: noProject, config: { workingDirectory: "/paperclip/x" } },
      { kind: "empty", cwd: "/paperclip/x", warning: null },
    ],
  ])("is %s", (_, given, workspace) => {
    expect(planOf(given).workspace).toEqual(workspace);
  });

  it.each([
    ["it names no repository", { ...elsewhere, repoUrl: null }, {}, "It names no repository to clone."],
    ["a path is no address", { ...elsewhere, repoUrl: "/srv/git/app" }, {}, "/srv/git/app has no address"],
    ["the agent names a directory", elsewhere, { cwd: "/x" }, "workingDirectory is set to /x (workspace: clone"],
    ["Paperclip has none", { ...project, cwd: OWN, repoUrl: null }, {}, "Paperclip has no folder of it."],
  ])("is empty, and says so, where %s", (_, workspace, config, why) => {
    const plan = planOf({ workspace, config });
    expect(plan.workspace).toMatchObject({ kind: "empty", warning: expect.stringContaining(why) });
    expect(notesOf(plan)).toContain("without its project");
    expect(notesOf(plan)).toContain(why);
  });

  it("says why a repository is cloned where Paperclip has a folder", () => {
    expect(notesOf(planOf({ workspace: elsewhere }))).toContain(
      "a clone of https://git.example/team/app.git. Paperclip's folder /repos/app is not in the pod: it is not below",
    );
    const hostPodMissing = { kind: "none", why: "Paperclip does not run in a pod of this cluster" } as const;
    const notes = notesOf(planOf({ workspace: project, volume: false }, { hostPodMissing }));
    expect(notes).toContain(`Paperclip's folder ${PROJECT} is not in the pod: ${hostPodMissing.why}.`);
  });
});

describe("a workspace that is named", () => {
  it("is refused where Paperclip's folder is to be mounted and the pod does not see it", () => {
    const config = { workspace: "mounted" };
    expect(() => planOf({ workspace: elsewhere, config })).toThrow(/workspace: is mounted, and Paperclip's folder/);
    expect(() => planOf({ workspace: { ...project, cwd: OWN }, config })).toThrow("Paperclip has no folder");
    expect(planOf({ workspace: project, config }).workspace.kind).toBe("mounted");
    expect(planOf({ workspace: {}, config, volume: false }).workspace.kind).toBe("empty");
  });

  it("is a clone on an empty directory of the pod, without Paperclip's folder of the project", () => {
    const plan = planOf({ workspace: project, config: { workspace: "clone" } });
    expect(plan.workspace).toEqual({ kind: "clone", ...inClone });
    expect(volumeOf(plan, "workspace")).toEqual({ name: "workspace", emptyDir: {} });
    expect(mountOf(plan, "/workspace")).toEqual({ name: "workspace", mountPath: "/workspace" });
    expect(mountOf(plan, PROJECT.slice(0, PROJECT.lastIndexOf("/")))).toBeUndefined();
    expect(plan.session.cwd).toBe("/workspace/app");
    const told = secretOf(plan);
    expect(told).toMatchObject({ "env.PAPERCLIP_WORKSPACE_CWD": "/workspace/app", "env.AGENT_HOME": OWN });
    expect(planOf({ workspace: noProject, config: { workspace: "clone" } }).workspace).toMatchObject({
      kind: "empty",
      cwd: OWN,
    });
  });

  it("keeps what is the agent's own out of the clone where it has no folder of Paperclip's", () => {
    const told = secretOf(planOf({ workspace: project, volume: false }));
    expect(told["env.AGENT_HOME"]).toBe("/paperclip/workspaces/agent-1");
  });

  it("is empty where that is asked for, without a warning", () => {
    const plan = planOf({ workspace: project, config: { workspace: "empty" } });
    expect(plan.workspace).toEqual({ kind: "empty", cwd: "/paperclip/workspaces/agent-1", warning: null });
  });
});

describe("a folder of Paperclip's that is gone", () => {
  const disk = { instance: "default", repository: null, isWorkspaceMissing: true, login: { kind: "none" } } as const;

  it("is an error with its path, and nothing is made in its place", () => {
    for (const config of [{}, { workspace: "mounted" }])
      expect(() => planOf({ workspace: project, config }, { disk })).toThrow(
        `Paperclip names ${PROJECT} as the folder of the project, and there is no such folder`,
      );
  });

  it("is of no matter to an agent that does not work there, nor where it is the agent's own", () => {
    expect(planOf({ workspace: project, config: { workspace: "clone" } }, { disk }).workspace.kind).toBe("clone");
    expect(planOf({ workspace: noProject }, { disk }).workspace).toEqual({ kind: "mounted", cwd: OWN });
  });
});

describe("what programs can fetch again", () => {
  const variables = (plan: RunPlan) =>
    Object.fromEntries(podOf(plan).containers[0]?.env?.map(({ name, value }) => [name, value]) ?? []);

  it("is in the pod's scratch folder, and on the claim where there is one", () => {
    expect(variables(planOf({ workspace: project }))).toMatchObject({
      XDG_CACHE_HOME: "/run/claude-k8s-scratch/cache",
      npm_config_cache: "/run/claude-k8s-scratch/cache/npm",
    });
    const plan = planOf({ workspace: project, config: { workspace: "claim" }, volume: false });
    expect(variables(plan)).toMatchObject({ npm_config_cache: "/run/claude-k8s-cache/npm" });
    expect(mountOf(plan, "/run/claude-k8s-cache")).toMatchObject({ name: "home", subPath: "cache" });
  });

  it("is where the agent says, where it does", () => {
    const env = { npm_config_cache: "/mine", API_KEY: "x" };
    const { containers } = podOf(planOf({ workspace: project, config: { env } }));
    const named = containers[0]?.env?.filter(({ name }) => name === "npm_config_cache");
    expect(named).toEqual([{ name: "npm_config_cache", valueFrom: expect.anything() }]);
  });
});

describe("a workspace's claim", () => {
  const claimed = (more: Partial<Case> = {}, change: Partial<PlanInput> = {}) =>
    planOf({ workspace: project, ...more, config: { workspace: "claim", ...more.config } }, change);

  it("has the home beside the workspace where no other one persists, in one volume, open to the pod's group", () => {
    const plan = claimed({ volume: false });
    const { workspace, claimRequest } = plan;
    if (workspace.kind !== "claim") throw new Error("no claim");
    const { name, folder } = workspace.claim;
    expect(name).toMatch(/^ac-agent-1-[0-9a-f]{10}-workspace$/);
    expect(folder).toMatch(/^tasks\/task-1-[0-9a-f]{10}$/);
    expect(workspace).toMatchObject(inClone);
    expect(podOf(plan).volumes?.filter((volume) => volume.persistentVolumeClaim)).toEqual([
      { name: "home", persistentVolumeClaim: { claimName: name } },
    ]);
    expect(mountOf(plan, "/paperclip")).toEqual({ name: "home", mountPath: "/paperclip", subPath: "home" });
    expect(mountOf(plan, "/workspace")).toEqual({ name: "home", mountPath: "/workspace", subPath: folder });
    expect(podOf(plan).securityContext).toMatchObject({ fsGroup: 1000, fsGroupChangePolicy: "OnRootMismatch" });
    expect(plan.session).toMatchObject({ cwd: "/workspace/app", home: `agents/${name}/home` });
    expect(claimRequest?.object.spec).toEqual({
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "10Gi" } },
    });
  });

  it("leaves the home where it persists: on Paperclip's volume only with its group, for none other may be set there", () => {
    const own = claimed({ config: { homeClaim: "mine" } });
    expect(mountOf(own, "/paperclip")).toEqual({ name: "home", mountPath: "/paperclip" });
    expect(mountOf(own, "/workspace")).toMatchObject({ name: "workspace" });
    const withGroup = { ...hostPod, user: { ...hostPod.user, fsGroup: 3000 } };
    const onPaperclips = claimed({}, { hostPod: withGroup });
    expect(mountOf(onPaperclips, "/paperclip")).toMatchObject({ subPath: expect.stringContaining("claude_k8s/homes") });
    expect(podOf(onPaperclips).securityContext).toMatchObject({ fsGroup: 3000 });
    expect(mountOf(claimed(), "/paperclip")).toMatchObject({ subPath: "home" });
  });

  it("keeps its pods on one node with ReadWriteOnce alone, beside what Paperclip's own pod asks of nodes", () => {
    const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [] };
    const affinityOf = (accessMode: "ReadWriteOnce" | "ReadWriteMany" | "ReadWriteOncePod") => {
      const agent = privately({ workspace: "claim" }, { workspaceClaims: { accessMode } });
      const plan = claimed({}, { agent, hostPod: { ...hostPod, affinity: { nodeAffinity } } });
      return podOf(plan).affinity;
    };
    expect(affinityOf("ReadWriteOnce")).toMatchObject({
      nodeAffinity,
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "kubernetes.io/hostname" }] },
    });
    for (const mode of ["ReadWriteMany", "ReadWriteOncePod"] as const)
      expect(affinityOf(mode)).toEqual({ nodeAffinity });
  });

  it("is another one for another company, agent or Paperclip, and with `per: task` for another task", () => {
    const { ctx } = input();
    const nameOf = (plan: RunPlan) => (plan.workspace.kind === "claim" ? plan.workspace.claim.name : "");
    const base = nameOf(claimed());
    expect(nameOf(claimed({ taskId: "task-2" }))).toBe(base);
    const other = { ...ctx, agent: { ...ctx.agent, companyId: "company-2" } };
    expect(nameOf(claimed({}, { ctx: other }))).not.toBe(base);
    const second = new Installation("installation-2", "default", "a-secret");
    expect(nameOf(claimed({}, { installation: second }))).not.toBe(base);
    const perTask = privately({ workspace: "claim" }, { workspaceClaims: { per: "task" } });
    const names = ["task-1", "task-2", null].map((taskId) => nameOf(claimed({ taskId }, { agent: perTask })));
    expect(new Set([base, ...names]).size).toBe(4);
  });

  it("is not to be had without the policy's rule, nor larger than that says", () => {
    const bounded = (config: Record<string, unknown>, file = {}) =>
      govern({ image: "img:1", ...config }, policyOf(file), { companyId: "c", agentId: "a" });
    expect(() => bounded({ workspace: "claim" })).toThrow(/of workspaceClaims there is none.*workspaceClaims: \{\}/);
    const rule = { workspaceClaims: { maxSize: "20Gi" } };
    expect(() => bounded({ workspace: "claim", workspaceSize: "21Gi" }, rule)).toThrow(
      "workspaceSize: is 21Gi, beyond the operator's policy",
    );
    expect(bounded({ workspace: "claim", workspaceSize: "20Gi" }, rule).config.workspaceSize).toBe("20Gi");
    expect(() => bounded({ workspaceSize: "0" }, rule)).toThrow("workspaceSize: is not above 0");
    expect(policySchema.safeParse({ workspaceClaims: { size: "0" } }).error?.issues[0]?.message).toBe("is not above 0");
    const byOperator = bounded({}, { defaults: { workspace: "claim" } });
    expect(byOperator.policy.workspaceClaims).toMatchObject({ per: "agent", size: "10Gi" });
    expect(policyOf({ workspaceClaims: { size: "200Gi" } }).workspaceClaims?.maxSize).toBe("200Gi");
  });
});

describe("a repository", () => {
  it.each([
    ["https://git.example/team/app.git", true, "app"],
    ["https://user:secret@git.example/team/app", true, "app"],
    ["ssh://git@git.example:2222/app.git/", true, "app"],
    ["git@git.example:team/my app.git", false, "my-app"],
    ["git@git.example:team/my.app.git", true, "my.app"],
    ["git.example:app", true, "app"],
    ["/srv/git/app.git", false, "app"],
    ["file:///srv/git/app.git", false, "app"],
    ["ext::sh -c id", false, "sh--c-id"],
    ["ext::/bin/id", false, "id"],
    ["https://", false, "project"],
    ["https://git.example/.git", true, "project"],
    ["https://git.example/..", true, "project"],
  ])("%s: can be cloned: %s, into a folder named %s", (url, can, name) => {
    expect([cloneable({ url }), directoryOf({ url })]).toEqual([can, name]);
  });

  it("never leads out of its folder, nor shows what stands before its host", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (url) => {
        expect(directoryOf({ url })).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/);
        expect(shownUrl(`https://${encodeURIComponent(url)}@git.example/x`)).toBe("https://git.example/x");
      }),
    );
  });
});
