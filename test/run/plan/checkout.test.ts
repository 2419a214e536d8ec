/** What a pod is told about the repository that it clones, and the login for it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressOf, requireRefName } from "../../../src/run/plan/checkout/address.ts";
import { gitVariables } from "../../../src/run/plan/checkout/git-variables.ts";
import { planRun, type RunPlan } from "../../../src/run/plan/run-plan.ts";
import { policyOf } from "../../support/policy.ts";
import { agentOf, bundle, filesOf, input, podOf, secretOf } from "../support/plan-input.ts";

const URL = "https://git.example.com/team/app.git";

interface Case {
  readonly workspace?: Record<string, unknown>;
  readonly config?: Record<string, unknown>;
  readonly credentials?: Record<string, string>;
  readonly managed?: boolean;
}

function planOf({ workspace = {}, config = {}, credentials = {}, managed = false }: Case): RunPlan {
  const { ctx } = input();
  const project = { cwd: "/repos/app", source: "project_primary", repoUrl: URL, ...workspace };
  const agent = agentOf({ image: "img:1", ...config }, policyOf({ trust: "full", git: { credentials } }));
  const programs = managed ? [{ path: "git", bytes: Buffer.from("#!"), executable: true }] : [];
  const context = { ...ctx.context, paperclipWorkspace: project };
  return planRun(input({ ctx: { ...ctx, context }, agent, bundle: bundle({ programs }) }));
}

const mountOf = (plan: RunPlan) =>
  podOf(plan).containers[0]?.volumeMounts?.find(({ mountPath }) => mountPath === "/run/claude-k8s-git");
const gitSettings = (plan: RunPlan): string[] => {
  const secret = secretOf(plan);
  return Array.from({ length: Number(secret["env.GIT_CONFIG_COUNT"]) }, (_, index) =>
    ["KEY", "VALUE"].map((part) => secret[`env.GIT_CONFIG_${part}_${index}`]).join("="),
  );
};

describe("a clone", () => {
  it("is told to the runner, with what the agent wants of it", () => {
    const config = {
      gitDepth: 1,
      gitSubmodules: true,
      gitSparse: "src libs/a",
      gitSaveUnfinished: true,
      setup: "npm ci",
    };
    const plan = planOf({ workspace: { repoRef: "main", branchName: "it's-a-task" }, config });
    const secret = secretOf(plan);
    expect(secret["repository.sh"]?.split("\n")).toEqual([
      `url='${URL}' ref='main' branch='it'\\''s-a-task' depth=1`,
      "submodules=1 lfs=1 sparse='src",
      "libs/a'",
      "managed= checkout_sec=1800 setup_sec=900",
      "volatile=true rescue='paperclip/run-1' author_name='Ada' author_email='agent-1@agents.invalid'",
      "",
    ]);
    expect(secret.setup).toBe("npm ci\n");
    expect(JSON.parse(secret["run.json"] ?? "")).toMatchObject({ workspace: { keeps: true } });
    expect(secret["run.sh"]).toContain("prepares=1 keeps=1\n");
    expect(gitSettings(plan)).toEqual(["safe.directory=/workspace/app"]);
    expect(podOf(plan).terminationGracePeriodSeconds).toBe(30 + 15 + 10);
  });

  it("has its time before the cluster's own deadline", () => {
    const deadline = (config: object) =>
      podOf(planOf({ config: { timeoutSec: 100, ...config } })).activeDeadlineSeconds;
    expect(deadline({})).toBe(100 + 30 + 600 + 1800);
    expect(deadline({ checkoutTimeoutSec: 60, setup: "x", setupTimeoutSec: 5 })).toBe(100 + 30 + 600 + 65);
    expect(deadline({ workspace: "empty" })).toBe(100 + 30 + 600);
  });

  it("is no work for a run that has none: it gets no script, and starts as fast", () => {
    const plan = planOf({ config: { workspace: "empty" } });
    expect(filesOf(plan).filter((key) => /workspace|repository|setup|credential/.test(key))).toEqual([]);
    expect(JSON.parse(secretOf(plan)["run.json"] ?? "")).not.toHaveProperty("workspace");
    expect(podOf(plan).terminationGracePeriodSeconds).toBe(45);
  });

  it("is set up without a repository too", () => {
    const secret = secretOf(planOf({ config: { workspace: "empty", setup: "make" } }));
    expect(secret["repository.sh"]).toMatch(/^url='' /);
    expect(JSON.parse(secret["run.json"] ?? "")).toMatchObject({ workspace: { keeps: false } });
  });

  it("never tells a login that the project has in its address", () => {
    const repoUrl = "https://robot:t0p-secret@git.example.com/team/app.git";
    const plan = planOf({ workspace: { repoUrl } });
    const all = JSON.stringify([plan.job, plan.meta, plan.session, plan.notes, secretOf(plan)]);
    expect(all).not.toContain("t0p-secret");
    expect(secretOf(plan)["repository.sh"]).toContain(`url='${URL}'`);
  });

  it.each([
    ["a branch that is an option", { repoRef: "--upload-pack=x" }, "repoRef"],
    ["a name that git does not take", { branchName: "a..b" }, "branchName"],
    ["a branch with a line break", { repoRef: "main\ntouch x" }, "repoRef"],
  ])("is refused with %s", (_, workspace, field) => {
    expect(() => planOf({ workspace })).toThrow(new RegExp(`${field}: is no name`));
  });
});

describe("a login for git", () => {
  const credentials = { "git.example.com": "git-{companyId}", "http://other:3000": "other" };

  it("is the Secret that the policy names for the host, mounted whole, so that the kubelet keeps it fresh", () => {
    const plan = planOf({ credentials });
    expect(mountOf(plan)).toEqual({ name: "git-credentials", mountPath: "/run/claude-k8s-git", readOnly: true });
    expect(podOf(plan).volumes).toContainEqual({
      name: "git-credentials",
      secret: { secretName: "git-company-1", defaultMode: 0o444 },
    });
    expect(gitSettings(plan)).toEqual([
      "safe.directory=/workspace/app",
      "credential.https://git.example.com.helper=",
      "credential.https://git.example.com.helper=!/bin/sh /run/claude-k8s/credential.sh /run/claude-k8s-git",
      "url.https://git.example.com/.insteadOf=git@git.example.com:",
      "url.https://git.example.com/.insteadOf=ssh://git@git.example.com/",
    ]);
    expect(filesOf(plan)).toContain("credential.sh");
  });

  it.each([
    ["another host", "https://example.com/team/app.git"],
    ["another port", "https://git.example.com:444/team/app.git"],
    ["another scheme", "http://git.example.com/team/app.git"],
    ["a host that only begins so", "https://git.example.com.evil.example/team/app.git"],
    ["a host in the place of a user", "https://git.example.com@evil.example/team/app.git"],
  ])("is not given to a run whose project is on %s", (_, repoUrl) => {
    expect(mountOf(planOf({ workspace: { repoUrl }, credentials }))).toBeUndefined();
  });

  it("serves an address of SSH, by HTTPS", () => {
    for (const repoUrl of ["git@git.example.com:team/app.git", "ssh://git@git.example.com/team/app.git"]) {
      const plan = planOf({ workspace: { repoUrl }, credentials });
      expect(secretOf(plan)["repository.sh"]).toContain(`url='${URL}'`);
      expect(mountOf(plan)).toBeDefined();
    }
  });

  it("is there for a project that Paperclip has cloned itself, too", () => {
    expect(mountOf(planOf({ config: { workspace: "empty" }, credentials }))).toBeDefined();
  });

  it("comes before Paperclip's own, which serves GitHub", () => {
    const repoUrl = "https://github.com/team/app.git";
    const managed = (more: Case): string | undefined =>
      /managed=(1?)/.exec(secretOf(planOf({ workspace: { repoUrl }, ...more }))["repository.sh"] ?? "")?.[1];
    expect(managed({})).toBe("");
    expect(managed({ managed: true })).toBe("1");
    expect(managed({ managed: true, credentials: { "github.com": "gh" } })).toBe("");
    expect(managed({ managed: true, workspace: {} })).toBe("");
  });

  it("is refused where the policy names what is no Secret", () => {
    expect(() => planOf({ credentials: { "git.example.com": "Not/A Secret" } })).toThrow(/git\.credentials/);
  });
});

describe("settings of git in the environment", () => {
  it("come behind those that the agent has", () => {
    const config = { env: { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "user.name", GIT_CONFIG_VALUE_0: "Own" } };
    expect(gitSettings(planOf({ config }))).toEqual(["user.name=Own", "safe.directory=/workspace/app"]);
    expect(gitVariables([["a.b", "c"]], { GIT_CONFIG_COUNT: "" })).toEqual({
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "a.b",
      GIT_CONFIG_VALUE_0: "c",
    });
  });
});

describe("the address of a repository", () => {
  it.each(["file:///etc", "ext::sh -c id", "/srv/repo", "../repo", "fd::7", "ssh://a:b@host/x", "https://", "x"])(
    "%s is refused, and never repeated",
    (url) => {
      expect(() => addressOf(url, [])).toThrow(/^(?!.*ext::).*repoUrl: is no address/s);
    },
  );

  it("has neither a login nor a line break, whatever it was", () => {
    const part = fc.string({ unit: fc.constantFrom(..."ab:Z9._~%-@é"), minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(part, part, part, (user, password, path) => {
        const { url, origin } = addressOf(`https://${user}:${password}@git.example.com/${path}`, []);
        expect(origin).toBe("https://git.example.com");
        expect(url.startsWith("https://git.example.com/")).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(addressOf(text, []).url).not.toMatch(/[\n\0]|^-/);
        } catch (error) {
          expect(String(error)).toContain("repoUrl");
        }
      }),
    );
  });

  it("is given to git with a name that is no option and no pattern", () => {
    for (const name of ["main", "feature/x-1", "v1.2.3", "0123abcd", "dependabot/npm/a_b"])
      expect(requireRefName("repoRef", name)).toBe(name);
    fc.assert(
      fc.property(fc.string(), (name) => {
        try {
          requireRefName("repoRef", name);
        } catch {
          return;
        }
        expect(name).not.toMatch(/^-|[\s*?[\\~^:]|\.\./);
      }),
    );
  });
});
