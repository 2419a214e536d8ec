/** What a pod is given of Paperclip's volume. */
import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GovernedAgent, govern } from "../../../src/policy/policy.ts";
import type { PlanInput } from "../../../src/run/plan/plan-input.ts";
import { planRun, type RunPlan } from "../../../src/run/plan/run-plan.ts";
import { transcriptCopyOf } from "../../../src/run/plan/transcript-copy.ts";
import { policyOf } from "../../support/policy.ts";
import { cases } from "../../support/thoroughness.ts";
import { bundle, everything, hostPod, input, podOf, privately, secretOf } from "../support/plan-input.ts";

const SESSION = "11111111-2222-4333-8444-555555555555";
const HOME = "/paperclip";
const OWN = "claude_k8s/homes/company-1/agent-1";
const INSTANCE = `${HOME}/instances/default`;
const PROJECT = `${INSTANCE}/projects/company-1/project-1`;

/** A run whose host speaks of that workspace. */
const withWorkspace = (workspace: object, more: Parameters<typeof input>[0] = {}, hints: object[] = []): PlanInput => {
  const { ctx } = input();
  const context = { ...ctx.context, paperclipWorkspace: workspace, paperclipWorkspaces: hints };
  return input({ hostPod, agent: privately(), ctx: { ...ctx, context }, ...more });
};

const mountsOf = (plan: RunPlan) =>
  podOf(plan).containers[0]?.volumeMounts?.flatMap(({ name, mountPath, subPath = "", readOnly = false }) =>
    name === "home" ? [{ mountPath, subPath, readOnly }] : [],
  ) ?? [];

const rw = (path: string) => ({ mountPath: path, subPath: `data${path.slice(HOME.length)}`, readOnly: false });
const home = { mountPath: HOME, subPath: `data/${OWN}`, readOnly: false };

describe("a private home", () => {
  it("is a folder of the agent's own on Paperclip's volume, with its project and its own folder at their paths", () => {
    const agentHome = `${INSTANCE}/workspaces/agent-1`;
    const cwd = `${PROJECT}/repo/.paperclip/worktrees/fix-it`;
    const plan = planRun(withWorkspace({ cwd, worktreePath: cwd, source: "project_primary", agentHome }));
    expect(mountsOf(plan)).toEqual([home, rw(agentHome), rw(PROJECT)]);
    expect(plan.session).toMatchObject({ cwd, home: `agents/home/data/${OWN}` });
    expect(secretOf(plan)).toMatchObject({ "env.PAPERCLIP_WORKSPACE_CWD": cwd, "env.AGENT_HOME": agentHome });
    expect(podOf(plan).securityContext).not.toHaveProperty("fsGroup");
    expect(podOf(plan).volumes?.[1]).toEqual({ name: "home", persistentVolumeClaim: { claimName: "home" } });
  });

  it("has Paperclip's instructions for the agent, read-only, and the same words on them as a shared home", () => {
    const folder = `${INSTANCE}/companies/company-1/agents/agent-1/instructions`;
    const instructions = {
      path: `${folder}/AGENTS.md`,
      text: "Be kind.",
      folder: { path: folder, files: [], cost: 0 },
    };
    const given = { hostPod, bundle: everything({ instructions }) };
    const plan = planRun(input({ ...given, agent: privately() }));
    expect(mountsOf(plan)).toContainEqual({ ...rw(folder), readOnly: true });
    // Another key would have every session begin afresh.
    const shared = planRun(input(given));
    expect(plan.session.promptBundleKey).toBe(shared.session.promptBundleKey);
    const writes = planRun(input({ ...given, agent: privately({}, { instructions: "readWrite" }) }));
    expect(mountsOf(writes)).toContainEqual(rw(folder));
  });

  it("has the folders of the projects that the run is told of, of its own company alone", () => {
    const other = `${INSTANCE}/projects/company-1/project-2`;
    const hints = [
      { workspaceId: "a", cwd: `${other}/docs` },
      { workspaceId: "b", cwd: `${INSTANCE}/projects/company-2/project-3/x` },
    ];
    const plan = planRun(withWorkspace({ cwd: `${PROJECT}/repo`, source: "project_primary" }, {}, hints));
    expect(mountsOf(plan)).toEqual([home, rw(PROJECT), rw(other)]);
    const told = JSON.parse(secretOf(plan)["env.PAPERCLIP_WORKSPACES_JSON"] ?? "[]");
    expect(told).toEqual([{ workspaceId: "a", cwd: `${other}/docs` }, { workspaceId: "b" }]);
  });

  it("has the repository that a git worktree elsewhere belongs to", () => {
    const agent = privately({}, { workspaces: [`${HOME}/worktrees/{companyId}`] });
    const cwd = `${HOME}/worktrees/company-1/fix-it`;
    const login = { kind: "none" } as const;
    const disk = { instance: "default", repository: `${PROJECT}/repo/.git/worktrees/fix-it`, login };
    const plan = planRun(withWorkspace({ cwd, source: "project_primary" }, { agent, disk }));
    expect(mountsOf(plan)).toEqual([home, rw(`${HOME}/worktrees/company-1`), rw(PROJECT)]);
    const forged = { ...disk, repository: `${INSTANCE}/projects/company-2/project-1/.git` };
    const plain = planRun(withWorkspace({ cwd, source: "project_primary" }, { agent, disk: forged }));
    expect(mountsOf(plain)).toEqual([home, rw(`${HOME}/worktrees/company-1`)]);
  });

  it.each([
    ["Paperclip's home itself", HOME],
    ["an instance", INSTANCE],
    ["all workspaces", `${INSTANCE}/workspaces`],
    ["another agent's folder", `${INSTANCE}/workspaces/agent-2`],
    ["all projects of the company", `${INSTANCE}/projects/company-1`],
    ["another company's project", `${INSTANCE}/projects/company-2/project-1/repo`],
    ["another company's project, by a detour", `${PROJECT}/../../company-2/project-1`],
    ["the secrets", `${INSTANCE}/secrets`],
    ["the adapter's own files", `${HOME}/claude_k8s/transcripts`],
    ["another agent's home", `${HOME}/claude_k8s/homes/company-1/agent-2`],
    ["the adapters", `${HOME}/adapter-plugins/node_modules`],
    ["a folder that nobody allowed", `${HOME}/repos/x`],
  ])("does not have %s, whatever a project says, and the run's notes say so", (_, cwd) => {
    const plan = planRun(
      withWorkspace({ cwd, source: "project_primary", agentHome: `${INSTANCE}/workspaces/agent-1` }),
    );
    expect(mountsOf(plan)).toEqual([home, rw(`${INSTANCE}/workspaces/agent-1`), rw(`${HOME}/workspaces/agent-1`)]);
    expect(plan.session.cwd).toBe(`${HOME}/workspaces/agent-1`);
    expect(plan.meta.commandNotes?.join("\n")).toContain(`Paperclip's folder ${cwd} is not in the pod`);
  });

  it("has the folders that the operator names, whole, and none of Paperclip's", () => {
    const names = [
      "repos",
      "repos/inner",
      "teams/{companyId}/{agentId}",
      "instances/default",
      "claude_k8s",
      ".claude",
      "",
    ];
    const agent = privately({}, { workspaces: names.map((name) => `${HOME}/${name}`) });
    const mounts = (cwd: string) => mountsOf(planRun(withWorkspace({ cwd, source: "project_primary" }, { agent })));
    expect(mounts(`${HOME}/repos/inner/x`)).toEqual([home, rw(`${HOME}/repos`)]);
    expect(mounts(`${HOME}/teams/company-1/agent-1/x`)).toEqual([home, rw(`${HOME}/teams/company-1/agent-1`)]);
    for (const cwd of [`${HOME}/teams/company-2/agent-1`, `${INSTANCE}/db`, `${HOME}/.claude/projects`, HOME])
      expect(mounts(cwd), cwd).toEqual([home, rw(`${HOME}/workspaces/agent-1`)]);
  });

  it("is the agent's also when its configuration names Paperclip's own claim", () => {
    expect(mountsOf(planRun(input({ hostPod, agent: privately({ homeClaim: "home" }) })))[0]).toEqual(home);
  });

  it("resumes what was begun in the shared home, and brings that along, once", () => {
    const before = planRun(input({ hostPod }));
    const resuming = (session: Record<string, unknown>) => {
      const runtime = { sessionId: SESSION, sessionParams: session, sessionDisplayId: SESSION, taskKey: null };
      return planRun(input({ hostPod, agent: privately(), ctx: { ...input().ctx, runtime } }));
    };
    const moved = resuming({ ...before.session, sessionId: SESSION });
    expect(moved.facts.resumedSessionId).toBe(SESSION);
    expect(moved.homeRequest?.session).toEqual({ id: SESSION, cwd: before.session.cwd });
    // A version that did not note homes began it.
    expect(resuming({ sessionId: SESSION, cwd: before.session.cwd }).homeRequest?.session?.id).toBe(SESSION);

    const later = resuming({ ...moved.session, sessionId: SESSION });
    expect(later.facts.resumedSessionId).toBe(SESSION);
    expect(later.homeRequest).toMatchObject({ session: null });
    // Its id is its pod's own word: another agent's would be brought along.
    const { session } = planRun(input({ hostPod, agent: privately({ namespace: "elsewhere" }) }));
    expect(resuming({ ...session, sessionId: SESSION }).facts.resumedSessionId).toBeNull();
  });

  it("is asked for with the owner that the pod's user is", () => {
    expect(planRun(input({ hostPod, agent: privately() })).homeRequest).toMatchObject({
      paperclipHome: HOME,
      privateHome: OWN.split("/"),
      owner: { uid: 1001, gid: 1002 },
    });
    const shared = input().agent;
    for (const other of [{ agent: shared }, { hostPod: null }, { agent: privately({ homeClaim: "own" }) }])
      expect(planRun(input({ hostPod, agent: privately(), ...other })).homeRequest).toBeNull();
  });

  it("keeps the transcript's copy in it, and no forged mount leads out of it", () => {
    const { job, name } = planRun(input({ hostPod, agent: privately() }));
    expect(transcriptCopyOf(job)).toEqual({
      ...{ kind: "file", home: `${HOME}/${OWN}` },
      path: `${HOME}/${OWN}/.claude-k8s/transcripts/${name}`,
    });
    for (const subPath of ["claude_k8s/homes/../x", "claude_k8s/homes/x/..", "claude_k8s/homes/a/b/c", "secrets"]) {
      const forged = structuredClone(job);
      const mount = forged.spec?.template.spec?.containers[0]?.volumeMounts?.find(({ name: of }) => of === "home");
      if (mount) mount.subPath = subPath;
      expect(transcriptCopyOf(forged), subPath).toMatchObject({ home: HOME });
    }
  });

  it("gives the run the access token of Paperclip's login, and nothing that renews it", () => {
    const file = "/paperclip/.claude/.credentials.json";
    const disk = { instance: "default", repository: null };
    const valid = { ...disk, login: { kind: "valid", file, accessToken: "of-the-login", until: 1e12 } } as const;
    const none = { variables: {}, paths: {} };
    const agent = privately();
    const plan = planRun(input({ hostPod, agent, disk: valid, inherited: none }));
    expect(secretOf(plan)).toMatchObject({ "env.CLAUDE_CODE_OAUTH_TOKEN": "of-the-login" });
    expect(JSON.stringify([plan.job, plan.meta])).not.toContain("of-the-login");
    expect(plan.loginNote).toContain("valid until 2001-09-09T01:46:40.000Z");
    // The key that Paperclip hands on comes first, as does another provider; a shared home has the login itself.
    expect(secretOf(planRun(input({ hostPod, agent, disk: valid })))).not.toHaveProperty([
      "env.CLAUDE_CODE_OAUTH_TOKEN",
    ]);
    const bedrock = privately({ env: { CLAUDE_CODE_USE_BEDROCK: "1" } });
    for (const other of [bedrock, input().agent]) {
      const without = planRun(input({ hostPod, agent: other, disk: valid, inherited: none }));
      expect(secretOf(without)).not.toHaveProperty(["env.CLAUDE_CODE_OAUTH_TOKEN"]);
      expect(without.loginNote).toBeNull();
    }
    const late = planRun(
      input({ hostPod, agent, disk: { ...disk, login: { kind: "expired", file } }, inherited: none }),
    );
    expect(secretOf(late)).not.toHaveProperty(["env.CLAUDE_CODE_OAUTH_TOKEN"]);
    expect(late.meta.commandNotes?.join("\n")).toContain("has expired and is not given to the agent");
  });
});

describe("no home", () => {
  it("has nothing of Paperclip's volume, and keeps no session", () => {
    const none = (config: Record<string, unknown> = {}): GovernedAgent => privately(config, { home: "none" });
    const plan = planRun(withWorkspace({ cwd: `${PROJECT}/repo`, source: "project_primary" }, { agent: none() }));
    expect(podOf(plan).volumes?.filter((volume) => volume.persistentVolumeClaim)).toEqual([]);
    expect(mountsOf(plan)).toEqual([{ mountPath: HOME, subPath: "", readOnly: false }]);
    expect(plan.facts.sessionPersists).toBe(false);
    // A claim of the agent's own is none of Paperclip's; Paperclip's is.
    const own = planRun(input({ hostPod, agent: none({ homeClaim: "own" }) }));
    expect(podOf(own).volumes).toContainEqual({ name: "home", persistentVolumeClaim: { claimName: "own" } });
    const named = planRun(input({ hostPod, agent: none({ homeClaim: "home" }) }));
    expect(podOf(named).volumes).toContainEqual({ name: "home", emptyDir: {} });
  });
});

describe("whatever a host, an agent and its files say", () => {
  const id = fc.oneof(
    fc.constantFrom("company-1", "company-2", "agent-1", "agent-2", ".", "..", "a/b", "../x", "%2E", "default", "..."),
    fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }),
    fc.uuid(),
  );
  const name = fc.oneof(
    id,
    ...["instances", "default", "workspaces", "projects", "companies", "agents", "instructions"].map(fc.constant),
    ...["claude_k8s", "homes", "transcripts", "adapter-plugins", "secrets", "db", ".claude", "repos"].map(fc.constant),
  );
  const few = fc.constantFrom("company-1", "company-2", "agent-1", "agent-2");
  const instance = fc.oneof(fc.constantFrom("default", "second"), name);
  // As Paperclip lays out its home, for whomever.
  const laidOut = fc
    .tuple(instance, few, few, fc.array(name, { maxLength: 2 }))
    .chain(([of, a, b, more]) =>
      fc
        .constantFrom(
          `instances/${of}/workspaces/${a}`,
          `instances/${of}/projects/${a}/${b}`,
          `instances/${of}/companies/${a}/agents/${b}/instructions`,
          `claude_k8s/homes/${a}/${b}`,
          `workspaces/${a}`,
        )
        .map((path) => [HOME, path, ...more].join("/")),
    );
  const path = fc.oneof(
    laidOut,
    fc.array(name, { maxLength: 7 }).map((names) => `${HOME}/${names.join("/")}`),
    fc.constantFrom("/", HOME, `${HOME}/`, `${HOME}//instances/`, "relative", "", "/etc", `${HOME}x/y`),
  );

  it("no mount is, holds or lies in what the run is not entitled to", () => {
    const property = fc.property(
      fc.record({
        companyId: fc.oneof(few, id),
        agentId: fc.oneof(few, id),
        instance,
        cwd: path,
        worktreePath: path,
        agentHome: path,
      }),
      fc.record({
        hints: fc.array(path, { maxLength: 3 }),
        repository: path,
        instructions: path,
        roots: fc.array(path),
      }),
      fc.constantFrom(...["", "data", "a/b"]),
      (run, more, volumeFolder) => {
        const { ctx } = input();
        const { cwd, worktreePath, agentHome, companyId, agentId, instance } = run;
        const workspace = { cwd, worktreePath, source: "project_primary", agentHome };
        const hints = more.hints.map((hint) => ({ cwd: hint }));
        const context = { paperclipWorkspace: workspace, paperclipWorkspaces: hints };
        const allowed = policyOf({ home: "private", workspaces: more.roots });
        if (!/[A-Za-z0-9]/.test(agentId)) return;
        const plan = planRun(
          input({
            ctx: { ...ctx, agent: { ...ctx.agent, id: agentId, companyId }, context },
            hostPod: { ...hostPod, homeClaim: { claimName: "home", subPath: volumeFolder || null, mountPath: HOME } },
            agent: govern({ image: "img:1" }, allowed, { companyId, agentId }),
            disk: { instance, repository: more.repository, login: { kind: "none" } },
            bundle: bundle({ instructions: { path: more.instructions, text: "", folder: null } }),
          }),
        );
        const [first, ...over] = mountsOf(plan).map((mount) => ({
          ...mount,
          names: posix.relative(`/${volumeFolder}`, `/${mount.subPath}`).split("/"),
        }));
        // The home: exactly four names, none of which leads elsewhere.
        expect(first?.subPath).not.toMatch(/(^|\/)\.{0,2}(\/|$)/);
        expect(first?.names.slice(0, 2)).toEqual(["claude_k8s", "homes"]);
        expect(first?.names).toHaveLength(4);
        for (const { names, mountPath, subPath, readOnly } of over) {
          expect(subPath).not.toMatch(/(^|\/)\.{0,2}(\/|$)/);
          expect(mountPath).toBe(posix.join(HOME, ...names));
          expect(isEntitled(names, { ...run, ...more }, readOnly), mountPath).toBe(true);
        }
        // None in another, where a pod could put a link on its way.
        for (const a of over)
          expect(over.filter((b) => `${a.mountPath}/`.startsWith(`${b.mountPath}/`))).toHaveLength(1);
      },
    );
    fc.assert(property, { numRuns: cases(3000) });
  });

  it("no two agents have one home", () => {
    const of = (companyId: string, agentId: string) => {
      const { ctx } = input();
      const agent = { ...ctx.agent, id: agentId, companyId };
      const plan = planRun(input({ hostPod, agent: privately(), ctx: { ...ctx, agent } }));
      return mountsOf(plan)[0]?.subPath;
    };
    const agent = id.filter((each) => /[A-Za-z0-9]/.test(each));
    fc.assert(
      fc.property(id, agent, id, agent, (c1, a1, c2, a2) => {
        expect(of(c1, a1) === of(c2, a2)).toBe(c1 === c2 && a1 === a2);
      }),
    );
  });
});

interface Said {
  readonly companyId: string;
  readonly agentId: string;
  readonly instance: string;
  readonly agentHome: string;
  readonly roots: readonly string[];
}

/** Said once more, otherwise than in the source: the shapes that are allowed, in full. */
function isEntitled(names: readonly string[], said: Said, readOnly: boolean): boolean {
  const { companyId, agentId, instance } = said;
  const path = names.join("/");
  if (readOnly) return path === `instances/${instance}/companies/${companyId}/agents/${agentId}/instructions`;
  if (names[0] === "instances") {
    if (path === `instances/${instance}/workspaces/${agentId}`) return true;
    return names.length === 5 && path.startsWith(`instances/${instance}/projects/${companyId}/`);
  }
  if (["claude_k8s", "adapter-plugins", "node_modules"].includes(names[0] ?? "") || path.startsWith(".")) return false;
  if (path === `workspaces/${agentId}`) return true;
  return [...said.roots, said.agentHome].some((each) => posix.normalize(`${each}/`) === `${HOME}/${path}/`);
}
