/** Which folder the agent works in, and how its project comes there. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlanInput } from "../../../src/run/plan/plan-input.ts";
import { planRun, type RunPlan } from "../../../src/run/plan/run-plan.ts";
import { cloneable, directoryOf, shownUrl } from "../../../src/run/plan/workspace/repository.ts";
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
