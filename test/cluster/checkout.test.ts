/**
 * A workspace that is cloned, over real HTTP from a git server with a login. On the devcluster alone: the pods of another
 * cluster do not reach this machine's loopback.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { persistentVolumeClaims, secrets } from "../../src/kubernetes/resource-types.ts";
import type { PolicyFile } from "../../src/policy/schema.ts";
import { GitServer } from "../support/git-server.ts";
import { policyOf } from "../support/policy.ts";
import { some } from "../support/thoroughness.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { giveOptionalRights } from "./support/rights.ts";
import { freshId, INIT, RESULT, type RunOptions, startRun, type TestRun } from "./support/run.ts";
import { onDevcluster, useDevcluster } from "./support/use-place.ts";

let place: Place;
let server: GitServer;
let takeBack = (): Promise<void> => Promise.resolve();
useDevcluster((opened) => {
  place = opened;
});
beforeAll(async () => {
  server = await GitServer.start();
  server.commit("app", "main", { "README.md": "hello\n" }, "first");
});
afterAll(() => server.close());

interface Project extends RunOptions {
  /** @default a copy of `app` */
  readonly name?: string;
  readonly workspace?: Record<string, unknown>;
  readonly policy?: PolicyFile;
}

function start({ name = server.copy("app"), workspace, policy, dependencies, wake, ...options }: Project): TestRun {
  const project = { cwd: "/repos/app", source: "project_primary", repoUrl: server.url(name), ...workspace };
  const rules = policyOf({ trust: "full", ...policy });
  return startRun(place, {
    ...options,
    wake: { ...wake, paperclipWorkspace: project },
    dependencies: { readPolicy: () => Promise.resolve(rules), ...dependencies },
  });
}

const saying = (words: string): string => `cat >/dev/null; ${INIT}; ${words}; ${RESULT}`;
const images: readonly ["Node" | "sh", () => string][] = [
  ["Node", () => place.image],
  ["sh", () => place.shImage ?? ""],
];

onDevcluster("an agent whose project is cloned", () => {
  describe.each(some(images, 2))("by the runner in %s", (_, image) => {
    it("works on its task's branch, and pushes with a login that was renewed meanwhile", async () => {
      const name = server.copy("app");
      const secretName = `git-${freshId()}`;
      const login = (password: string) => ({ username: "robot", password });
      const stored = { apiVersion: "v1", kind: "Secret", metadata: { name: secretName } } as const;
      const secret = await place.admin.create(secrets, place.namespace, { ...stored, stringData: login("t0p-secret") });
      server.login = login("t0p-secret");
      try {
        const credentials = { [server.origin]: secretName };
        const work =
          "git commit -q --allow-empty -m work; echo ready; until git push -q; do sleep 0.2; done; git status -sb";
        const run = start({
          name,
          agent: saying(work),
          workspace: { repoRef: "main", branchName: "task-1" },
          config: { image: image(), setup: "echo prepared >.git/prepared; ls -A" },
          policy: { git: { credentials } },
        });
        await run.said("ready");
        server.login = login("an0ther");
        await place.admin.patch(secrets, place.namespace, secret.metadata.name, { stringData: login("an0ther") });
        const ended = await run.result;
        expect(ended).toMatchObject({
          errorCode: null,
          resultJson: { workspace: { branch: "task-1", uncommitted: 0, unpushed: 0, volatile: true } },
        });
        expect(server.git(name, "log", "-1", "--format=%s %an", "task-1")).toBe("work Ada");
        expect(run.stdout()).toContain("## task-1...origin/task-1\n");
        expect(run.stderr()).toMatch(
          /checkout: clones http[\s\S]*on branch task-1, of main\n[\s\S]*setup: README.md\n/,
        );
        const all = JSON.stringify([run.stdout(), run.stderr(), run.events, run.statuses, ended]);
        expect(all).not.toMatch(/t0p-secret|an0ther/);
        expect(await leftovers(place, run)).toEqual([]);
      } finally {
        server.login = null;
        await place.admin.delete(secrets, place.namespace, secretName);
      }
    });

    it("is not started where the repository asks for a login, and the message says what to do", async () => {
      server.login = { username: "a", password: "b" };
      const run = start({ agent: "echo never", config: { image: image() } });
      const ended = await run.result;
      server.login = null;
      expect(ended).toMatchObject({
        errorCode: "k8s_checkout_login_required",
        executionRecovery: { kind: "bootstrap", providerWorkStarted: false },
        resultJson: { stopped: true, transcript: null },
      });
      expect(ended.errorMessage).toMatch(/asks for a login.*could not read Username[\s\S]*git\.credentials/);
      expect(run.stdout()).not.toContain("never");
      expect(await leftovers(place, run)).toEqual([]);
    });

    it("is told to have left work that goes with its pod, when it is stopped", async () => {
      const name = server.copy("app");
      const work = "echo x >one; echo y >two; echo ready; sleep 100";
      const run = start({
        name,
        agent: saying(work),
        config: { image: image(), gitSaveUnfinished: image() === place.image },
      });
      await run.said("ready");
      run.cancel();
      const ended = await run.result;
      const saved = `paperclip/${run.runId}`;
      const left = { branch: "main", uncommitted: 2, unpushed: 0, volatile: true };
      expect(ended).toMatchObject({ errorCode: "cancelled", resultJson: { workspace: left } });
      const what = "The agent left 2 files that are not committed on branch main: ";
      const told = run.statuses.join("\n");
      if (image() === place.image) {
        expect(told).toContain(`${what}pushed to branch ${saved}.`);
        expect(server.git(name, "show", `${saved}:two`)).toBe("y");
      } else expect(told).toContain(`${what}they went with the pod.`);
    });

    it("is not started when its run is stopped while it is cloned", async () => {
      const open = Promise.withResolvers<void>();
      server.gate = open.promise;
      const run = start({ agent: "echo never", config: { image: image() } });
      await run.event("k8s.pod.running");
      run.cancel();
      const ended = await run.result;
      open.resolve();
      server.gate = Promise.resolve();
      expect(ended).toMatchObject({ errorCode: "cancelled", resultJson: { stopped: true } });
      expect(ended.errorMessage).toContain("it was stopped before its agent started");
      expect(run.stdout()).not.toContain("never");
      expect(await leftovers(place, run)).toEqual([]);
    });

    it("is not started where its setup fails", async () => {
      const setup = 'echo \'{"type":"result","subtype":"success","is_error":false}\'; exit 3';
      const run = start({ agent: "echo never", config: { image: image(), setup } });
      expect(await run.result).toMatchObject({ errorCode: "k8s_setup_failed" });
      expect(run.stderr()).toContain('setup: {"type":"result"');
    });
  });

  it("is told and judged by the recorder, where there is one", async () => {
    const run = start({ agent: saying("echo x >new"), policy: { recorder: "separate" } });
    expect(await run.result).toMatchObject({
      errorCode: null,
      resultJson: { workspace: { uncommitted: 1, isLost: true }, transcript: { complete: true } },
    });
    expect(run.stderr()).toContain("checkout: clones ");
    const failed = start({ name: "nowhere", agent: "echo never", policy: { recorder: "separate" } });
    expect(await failed.result).toMatchObject({ errorCode: "k8s_checkout_repository_missing" });
  });

  it("finds its branch, its commits and its files again on a claim", async () => {
    takeBack = await giveOptionalRights(place, "workspaceClaims");
    try {
      const agentId = `agent-${freshId()}`;
      const name = server.copy("app");
      const claimed = (agent: string): TestRun =>
        start({ name, agentId, agent, workspace: { branchName: "task-1" }, config: { workspace: "claim" } });
      const first = claimed(saying("echo x >new; git commit -q --allow-empty -m mine"));
      expect(await first.result).toMatchObject({
        errorCode: null,
        resultJson: { workspace: { uncommitted: 1, unpushed: 1, volatile: false, isLost: false } },
      });
      const second = claimed(saying("git status -sb; git log -1 --format=%s | cat"));
      expect(await second.result).toMatchObject({ errorCode: null });
      expect(second.stdout()).toContain("## task-1\n?? new\nmine\n");
      const [claim] = (await place.admin.list(persistentVolumeClaims, place.namespace, {})).items;
      if (claim) await place.admin.delete(persistentVolumeClaims, place.namespace, claim.metadata.name);
    } finally {
      await takeBack();
    }
  });
});
