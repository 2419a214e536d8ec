/** Agents of two companies on Paperclip's own volume: what each has of it, and what it finds when it looks for more. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import { beforeAll, expect, it } from "vitest";
import { testEnvironment } from "../../src/doctor/test-environment.ts";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { policyOf } from "../support/policy.ts";
import { freshId } from "./support/context.ts";
import { copiesIn, furnishHostPod, privateHomeOf } from "./support/host-pod.ts";
import { leftovers } from "./support/leftovers.ts";
import { hasMountNamespaces } from "./support/mount-namespaces.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, type RunOptions, SESSION, startRun, type TestRun } from "./support/run.ts";
import { onDevcluster, useDevcluster } from "./support/use-place.ts";

let place: Place;
let env: Awaited<ReturnType<typeof furnishHostPod>>;
/** Paperclip's home. */
let home: string;
useDevcluster((opened) => {
  place = opened;
});

/** As a dependency. */
const homesAre = (home: Policy["home"]) => () => Promise.resolve(policyOf({ trust: "full", home }));

const inInstance = (...names: string[]): string => join(home, "instances/default", ...names);

function put(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

interface Agent {
  readonly id: string;
  readonly companyId: string;
}

/** Whose files say whose they are. */
function agentOf(companyId: string): Agent {
  const id = `agent-${freshId()}`;
  put(inInstance("companies", companyId, "agents", id, "instructions/AGENTS.md"), `Instructions of ${id}.`);
  put(inInstance("companies", companyId, "agents", id, "instructions/notes.md"), `Notes of ${id}.`);
  put(inInstance("workspaces", id, "file"), `Work of ${id}.`);
  return { id, companyId };
}

function startAs({ id, companyId }: Agent, options: RunOptions & { readonly workspace?: object }): TestRun {
  const { workspace, wake, context, config, dependencies, ...more } = options;
  const instructions = inInstance("companies", companyId, "agents", id, "instructions");
  const stored = { instructionsFilePath: join(instructions, "AGENTS.md"), instructionsRootPath: instructions };
  const agentHome = inInstance("workspaces", id);
  const agent = { id, companyId, name: "Ada", adapterType: "claude_k8s", adapterConfig: stored };
  return startRun(place, {
    ...more,
    agentId: id,
    config: { ...stored, ...config },
    wake: { ...wake, paperclipWorkspace: { cwd: agentHome, source: "agent_home", agentHome, ...workspace } },
    context: { agent, ...context },
    dependencies: { env, readPolicy: homesAre("private"), ...dependencies },
  });
}

const resuming = (params: Record<string, unknown>): Pick<AdapterExecutionContext, "runtime"> => ({
  runtime: { sessionId: SESSION, sessionParams: params, sessionDisplayId: SESSION, taskKey: "task" },
});

onDevcluster("agents with private homes", () => {
  beforeAll(async () => {
    env = await furnishHostPod(place);
    home = env.PAPERCLIP_HOME;
  });

  it.skipIf(!hasMountNamespaces())(
    "find their own files, and none of Paperclip's or of others, at any path",
    async () => {
      const [mine, colleague, stranger] = [agentOf("company"), agentOf("company"), agentOf("rival")];
      for (const path of [
        ...[
          inInstance("secrets/master.key"),
          inInstance("db/base"),
          inInstance("config.json"),
          inInstance("logs/server"),
        ],
        ...[inInstance("projects/rival/p/repo/file"), inInstance("projects/company/other/repo/file")],
        ...[join(home, "adapter-plugins/index.js"), join(home, "claude_k8s/transcripts/run.jsonl")],
        ...[join(home, ".claude/projects/-x/s.jsonl"), join(home, ".claude.json"), join(home, ".ssh/id")],
        ...[join(privateHomeOf(env, stranger.id, "rival"), "file"), join(privateHomeOf(env, colleague.id), "file")],
      ])
        put(path, "FORBIDDEN");
      put(inInstance("projects/company/p/repo/file"), "The project.");
      const others = [colleague, stranger].flatMap(({ id, companyId }) => [
        inInstance("workspaces", id, "file"),
        inInstance("companies", companyId, "agents", id, "instructions/AGENTS.md"),
        join(privateHomeOf(env, id, companyId), "file"),
      ]);
      const look = [
        `cat "$AGENT_HOME/file" "$PWD/file"; echo`,
        `cat ${others.join(" ")} ${inInstance("secrets/master.key")} ${home}/.claude.json 2>/dev/null`,
        `cd /; grep -rlE "FORBIDDEN|of (${colleague.id}|${stranger.id})" "$HOME" ${home} $HOME/.. 2>/dev/null | sed s/^/LEAK:/`,
        `ls -A ${home} ${inInstance()} ${inInstance("companies")} ${inInstance("projects/company")} | sed s/^/SEEN:/`,
        `cat ${inInstance("companies/company/agents", mine.id, "instructions/notes.md")}; echo`,
        `echo forged > ${inInstance("companies/company/agents", mine.id, "instructions/AGENTS.md")}`,
        `echo mine > "$AGENT_HOME/made"; echo mine > ${inInstance("projects/company/p/repo/made")}; echo mine > "$HOME/made"`,
      ].join("; ");
      const run = startAs(mine, {
        agent: `cat >/dev/null; ${INIT}; ${look}; ${RESULT}`,
        workspace: { cwd: inInstance("projects/company/p/repo"), source: "project_primary" },
      });
      expect(await run.result).toMatchObject({ errorCode: null, exitCode: 0 });
      const said = run.stdout();
      expect(said).toContain(`Work of ${mine.id}.The project.\n`);
      expect(said).toContain(`Notes of ${mine.id}.\n`);
      expect(said).not.toContain("LEAK");
      expect(said).not.toMatch(/FORBIDDEN|Instructions of|of agent-(?!\w+\.The)(?!\w+\.\n)/);
      expect(said).not.toMatch(/SEEN:.*(claude_k8s|adapter-plugins|secrets|rival|other)/);
      expect(run.stderr()).toContain("AGENTS.md: Read-only file system");
      // What it made is where Paperclip finds it, and its home is its own.
      const own = privateHomeOf(env, mine.id);
      for (const folder of [inInstance("workspaces", mine.id), inInstance("projects/company/p/repo"), own])
        expect(readFileSync(join(folder, "made"), "utf8"), folder).toBe("mine\n");
      expect(lstatSync(own).mode & 0o777).toBe(0o700);
      expect(readdirSync(copiesIn(own))).toEqual([]);
    },
  );

  it("bring the session of the shared home along, once, and then keep their own", async () => {
    const agent = agentOf("company");
    const cwd = inInstance("workspaces", agent.id);
    const shared = startAs(agent, {
      agent: `cat >/dev/null; ${INIT}; ${RESULT}`,
      dependencies: { readPolicy: homesAre("shared") },
    });
    const { sessionParams } = await shared.result;
    expect(sessionParams).toMatchObject({ cwd, sessionId: SESSION });
    // As Claude Code files it.
    const file = join(".claude/projects", cwd.replaceAll(/[^a-zA-Z0-9]/g, "-"), `${SESSION}.jsonl`);
    put(join(home, file), "begun in the shared home\n");
    put(join(home, dirname(file), "22222222-2222-4333-8444-555555555555.jsonl"), "another's\n");
    const work = `cat >/dev/null; ${INIT}; echo "resumes: $*"; cat "$HOME/${file}"; ls "$HOME/${dirname(file)}"; echo more >> "$HOME/${file}"; ${RESULT}`;
    const moved = startAs(agent, { agent: work, context: resuming({ ...sessionParams }) });
    const { sessionParams: own } = await moved.result;
    expect(moved.stdout()).toContain(`--resume ${SESSION}`);
    expect(moved.stdout()).toContain(`begun in the shared home\n${SESSION}.jsonl\n`);
    expect(own).toMatchObject({
      cwd,
      sessionId: SESSION,
      home: expect.stringMatching(`/claude_k8s/homes/company/${agent.id}$`),
    });

    for (const params of [own, sessionParams]) {
      const next = startAs(agent, { agent: work, context: resuming({ ...params }) });
      await next.result;
      expect(next.stdout()).toContain("begun in the shared home\nmore\n");
    }
    expect(readFileSync(join(home, file), "utf8")).toBe("begun in the shared home\n");
  });

  it("work in a git worktree of their project, with its repository", async () => {
    const agent = agentOf("company");
    const repository = inInstance("projects/company", `p-${freshId()}`, "repo");
    const cwd = join(repository, ".paperclip/worktrees/fix-it");
    const git = (...words: string[]) => execFileSync("git", ["-C", repository, ...words], { encoding: "utf8" });
    mkdirSync(repository, { recursive: true });
    git("init", "--quiet");
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--allow-empty", "-m", "first");
    git("worktree", "add", "--quiet", "-b", "fix-it", cwd);
    const run = startAs(agent, {
      agent: `cat >/dev/null; ${INIT}; export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'; echo x > file; git add file; git -c user.name=b -c user.email=b@c commit --quiet -m second; git branch --show-current; ${RESULT}`,
      workspace: { cwd, worktreePath: cwd, strategy: "git_worktree", source: "project_primary" },
    });
    expect(await run.result).toMatchObject({ errorCode: null });
    expect(run.stdout()).toContain("fix-it\n");
    expect(git("log", "--format=%s", "fix-it")).toBe("second\nfirst\n");
  });

  it("take over a Job that an earlier version began in the shared home", async () => {
    const agent = agentOf("company");
    const works = `cat >/dev/null; ${INIT}; echo first; while [ ! -e "$AGENT_HOME/go" ]; do sleep 0.05; done; echo second; ${RESULT}`;
    const first = startAs(agent, { agent: works, dependencies: { readPolicy: homesAre("shared") } });
    await first.said("first");
    const [job] = (await place.admin.list(jobs, place.namespace, { labelSelector: `${LABELS.agentId}=${agent.id}` }))
      .items;
    expect(readdirSync(copiesIn(home))).toContain(job?.metadata.name);
    place.paperclip.set(first.runId, "interrupted");
    first.cancel("Legacy controller lease lost");
    await first.result;
    const run = startAs(agent, { agent: "echo never; exit 1" });
    await run.event("k8s.job.adopted");
    writeFileSync(inInstance("workspaces", agent.id, "go"), "");
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: null, resultJson: { transcript: { complete: true, lines: 4 } } });
    // Remembered where the Job's agent had it: the next run brings it along.
    expect(result.sessionParams?.home).toBe(`${place.namespace}/paperclip-home`);
    expect(readdirSync(copiesIn(home))).not.toContain(job?.metadata.name);
    expect(await leftovers(place, { agentId: agent.id })).toEqual([]);
  });

  it("are refused by name where a link lies on the way, and nothing is made behind it", async () => {
    const elsewhere = join(home, `elsewhere-${freshId()}`);
    mkdirSync(elsewhere);
    const hostile = agentOf("company");
    await startAs(hostile, { agent: `cat >/dev/null; ${INIT}; ${RESULT}` }).result;
    const planted: readonly (readonly [Agent, string])[] = [
      [agentOf("planted"), join(home, "claude_k8s/homes/planted")],
      // By the agent itself, in its own home, where its folders are to be mounted.
      [hostile, join(privateHomeOf(env, hostile.id), "instances")],
      [agentOf("company"), inInstance("projects/company/linked")],
    ];
    for (const [agent, path] of planted) {
      if (existsSync(path)) renameSync(path, `${path}.before`);
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(elsewhere, path);
      // A project that is there as far as one follows links.
      const isProject = path.endsWith("linked");
      if (isProject) mkdirSync(join(elsewhere, "repo"));
      const run = startAs(agent, {
        agent: "echo never",
        ...(isProject ? { workspace: { cwd: join(path, "repo"), source: "project_primary" } } : {}),
      });
      expect(await run.result, path).toMatchObject({
        errorCode: "k8s_home_unusable",
        errorMessage: expect.stringContaining(`${path} is a link`),
      });
      expect(await leftovers(place, run)).toEqual([]);
      expect(readdirSync(elsewhere)).toEqual(isProject ? ["repo"] : []);
      rmSync(path);
    }
  });

  it("are not made for a project whose folder is gone: the run is refused with its path, and no Job was there", async () => {
    const mine = agentOf("company");
    const cwd = inInstance("projects/company/gone/repo/.paperclip/worktrees/fix-it");
    const run = startAs(mine, {
      agent: "echo never",
      workspace: { cwd, worktreePath: cwd, source: "project_primary" },
    });
    expect(await run.result).toMatchObject({
      errorCode: "k8s_workspace_missing",
      errorMessage: expect.stringContaining(`Paperclip names ${cwd} as the folder of the project`),
    });
    expect(existsSync(inInstance("projects/company/gone"))).toBe(false);
    expect(existsSync(privateHomeOf(env, mine.id))).toBe(false);
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("are what the environment test says of them, in the mode that the operator chose", async () => {
    const examine = async (mode: Policy["home"], config: object = {}) => {
      const { kubeconfig, namespace, image } = place;
      const { checks } = await testEnvironment(
        {
          adapterType: "claude_k8s",
          companyId: "company",
          config: { kubeconfig, namespace, image, env: { ANTHROPIC_API_KEY: "a-key" }, ...config },
        },
        { env: { ...env, PAPERCLIP_K8S_HELLO_PROBE: "off" }, readPolicy: homesAre(mode) },
      );
      return checks.filter(({ code }) => /^k8s_(home|pvc)/.test(code));
    };
    const claim = expect.objectContaining({ code: "k8s_pvc_unchecked" });
    expect(await examine("private")).toEqual([
      expect.objectContaining({ code: "k8s_home_private", level: "info", message: expect.stringContaining(home) }),
      claim,
    ]);
    expect(await examine("shared")).toEqual([
      expect.objectContaining({
        ...{ code: "k8s_home_shared", level: "warn" },
        message: expect.stringContaining("as powerful as Paperclip's server"),
      }),
      claim,
    ]);
    expect(await examine("none")).toMatchObject([
      { code: "k8s_pvc_not_detected", level: "warn", hint: expect.stringContaining('Set "home" in the policy') },
    ]);
    expect(await examine("private", { homeClaim: "own" })).toMatchObject([{ code: "k8s_home_own" }, {}]);
  });

  it("may each run several tasks at once in one home", async () => {
    const agent = agentOf("company");
    const meet = (own: string, other: string): string =>
      `cat >/dev/null; ${INIT}; touch "$HOME/${own}"; while [ ! -e "$HOME/${other}" ]; do sleep 0.05; done; ${RESULT}`;
    const runs = [
      ["a", "b"],
      ["b", "a"],
    ].map(([own = "", other = ""]) =>
      startAs(agent, {
        agent: meet(own, other),
        context: { runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: own } },
        wake: { taskId: own },
      }),
    );
    for (const { result } of runs) expect(await result).toMatchObject({ errorCode: null });
  });
});
