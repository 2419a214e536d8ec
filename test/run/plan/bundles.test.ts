/** What runs share, and what stays in the Secret of each. */
import { expect, it } from "vitest";
import { Installation } from "../../../src/paperclip/installation.ts";
import { bundleSecret, hasContentOf } from "../../../src/run/plan/bundles/bundle.ts";
import { share } from "../../../src/run/plan/bundles/share.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import type { RunFile } from "../../../src/run/plan/secret.ts";
import { runnerScript, startScript } from "../../../src/runner/scripts.generated.ts";
import { bundle, input, podOf } from "../support/plan-input.ts";

const KIB = 1024;
const own = new Installation("installation-1", "default", "a-secret");

/** 60 files of 10 KiB, as the skills of a company may be. */
const skillFiles = Array.from({ length: 60 }, (_, number) => ({
  path: `.claude/skills/skill-${number}/SKILL.md`,
  bytes: Buffer.alloc(10 * KIB, `${number} `),
  executable: number === 0,
}));

const planOf = (number: number) => {
  const { ctx, ...rest } = input({
    scripts: { "start.sh": startScript, "runner.mjs": runnerScript },
    bundle: bundle({
      instructions: { path: "/host/AGENTS.md", text: `Agent ${number}. `.repeat(100), folder: null },
      skills: { files: skillFiles, library: null, notes: [] },
    }),
  });
  return planRun({ ...rest, ctx: { ...ctx, runId: `run-${number}`, agent: { ...ctx.agent, id: `agent-${number}` } } });
};

const bytesOf = (data: Readonly<Record<string, string | Uint8Array>>, encoding: BufferEncoding = "utf8"): number =>
  Object.values(data).reduce(
    (sum, value) => sum + (typeof value === "string" ? Buffer.from(value, encoding).length : value.length),
    0,
  );

it("60 runs of 60 agents with 600 KiB of skills: 62 Secrets, and each run's own has less than 32 KiB", () => {
  const plans = Array.from({ length: 60 }, (_, number) => planOf(number));
  const shared = new Map(plans.flatMap(({ bundles }) => bundles.map((one) => [one.name, one.data] as const)));
  expect(shared.size).toBe(2);
  const ofRuns = plans.map(({ secret }) => bytesOf(secret.data ?? {}, "base64"));
  expect(Math.max(...ofRuns)).toBeLessThan(32 * KIB);
  const all =
    ofRuns.reduce((sum, bytes) => sum + bytes, 0) + [...shared.values()].reduce((sum, data) => sum + bytesOf(data), 0);
  // One Secret for each run would have 600 KiB and the runner sixty times.
  expect(all).toBeLessThan(60 * 32 * KIB + 720 * KIB);
  // In memory once, too.
  expect(plans[59]?.bundles[1]?.data).toBe(plans[0]?.bundles[1]?.data);
});

it("empty files are shared as well, those too that come first", () => {
  const files = ["skills/.gitkeep", "skills/.other", "skills/SKILL.md", "skills/z"].map(
    (path): RunFile => ({
      path,
      content: path.endsWith("SKILL.md") ? Buffer.alloc(8 * KIB, "x") : Buffer.alloc(0),
      executable: false,
      layer: "skills",
    }),
  );
  const { own: kept, bundles } = share(files, own, "company");
  expect(kept).toEqual([]);
  expect(bundles.flatMap(({ items }) => items.map(({ path }) => path)).toSorted()).toEqual(
    files.map(({ path }) => path),
  );
});

it("the pod finds all of it in one directory", () => {
  const plan = planOf(1);
  const run = podOf(plan).volumes?.find(({ name }) => name === "run");
  const sources = run?.projected?.sources ?? [];
  expect(sources.map(({ secret }) => secret?.name)).toEqual([plan.name, ...plan.bundles.map(({ name }) => name)]);
  const items = sources.flatMap(({ secret }) => secret?.items ?? []);
  const paths = items.map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths).toEqual(expect.arrayContaining(["prompt", "run.json", "runner.mjs", "instructions.md"]));
  expect(items.filter(({ mode }) => mode !== undefined)).toEqual([
    { key: expect.any(String), path: "skills/.claude/skills/skill-0/SKILL.md", mode: 0o555 },
  ]);
  expect(items.find(({ path }) => path === "instructions.md")?.key).toBe("instructions.md");
});

const skill = (content: string, path = "skills/a"): RunFile => ({ path, content, layer: "skills" });
const nameOf = (file: RunFile, installation = own, company = "company-1"): string | undefined =>
  share([file], installation, company).bundles[0]?.name;

it("the name says nothing: another company, Paperclip or secret has another one for the same content", () => {
  const file = skill("x".repeat(5000));
  const names = [
    nameOf(file),
    nameOf(file, own, "company-2"),
    nameOf(file, new Installation("installation-2", "default", "a-secret")),
    nameOf(file, new Installation("installation-1", "default", "another-secret")),
    nameOf(file, new Installation("installation-1", "default", null)),
    nameOf(skill("y".repeat(5000))),
  ];
  expect(new Set(names).size).toBe(names.length);
  expect(nameOf(file)).toBe(names[0]);
});

it("less than 4 KiB stays in the run's own Secret, and so does what is the run's alone", () => {
  const prompt = { path: "prompt", content: "x".repeat(9000) };
  expect(share([prompt, skill("x".repeat(4095))], own, "c").own).toHaveLength(2);
  expect(share([prompt, skill("x".repeat(4096))], own, "c").own).toEqual([prompt]);
});

it("more than a Secret holds becomes several; a file that is larger than one is refused by name", () => {
  const files = ["a", "b", "c"].map((name) => skill(name.repeat(500 * KIB), `skills/${name}`));
  const { bundles } = share(files, own, "c");
  expect(bundles.map(({ items }) => items.map(({ path }) => path))).toEqual([["skills/a", "skills/b"], ["skills/c"]]);
  expect(() => share([skill("x".repeat(1025 * KIB))], own, "c")).toThrow(
    /skills\/a: is too large: it has 1049600 bytes/,
  );
});

it("is recognised by its content: not one that is shorter, longer, or can be changed", () => {
  const [one] = share([skill("x".repeat(5000))], own, "c").bundles;
  if (!one) throw new Error("no bundle");
  const secret = bundleSecret(one, { ...planOf(1), installation: own });
  expect(hasContentOf(secret, one)).toBe(true);
  expect(hasContentOf({ ...secret, immutable: false }, one)).toBe(false);
  expect(hasContentOf({ ...secret, data: {} }, one)).toBe(false);
  expect(hasContentOf({ ...secret, data: { ...secret.data, more: "" } }, one)).toBe(false);
  const [key = ""] = Object.keys(one.data);
  expect(hasContentOf({ ...secret, data: { [key]: Buffer.from("x".repeat(4999)).toString("base64") } }, one)).toBe(
    false,
  );
});
