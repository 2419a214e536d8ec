import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import { readPolicy } from "../../src/policy/policy.ts";
import { cases } from "../support/thoroughness.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "policy-test-"));
  await mkdir(join(folder, "home"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function policy(text: string, path = join(folder, "policy.yaml"), mode = 0o444) {
  await rm(path, { force: true });
  await writeFile(path, text);
  await chmod(path, mode);
  return readPolicy({ PAPERCLIP_K8S_POLICY: path, PAPERCLIP_HOME: join(folder, "home") });
}

const message = (error: unknown): string =>
  error instanceof ConfigError ? `${error.code} ${error.message}` : String(error);
const refusal = async (...args: Parameters<typeof policy>): Promise<string> =>
  policy(...args).then(() => "it was read", message);

describe("a policy", () => {
  it("is the safe default without a file", async () => {
    expect(await readPolicy({})).toMatchObject({
      path: null,
      trust: "bounded",
      home: "private",
      allow: { claims: [] },
    });
  });

  it("has its rules from the file, and the others by default", async () => {
    const read = await policy(
      "allow:\n  images: [registry.example/*]\nlimits: {resources: {memory: {max: 8Gi}}, transcriptBytes: 1Mi}\nhome: none\n",
    );
    expect(read).toMatchObject({
      home: "none",
      allow: { images: ["registry.example/*"], labels: [] },
      limits: {
        transcriptBytes: 1_048_576,
        resources: { memory: { max: "8Gi" }, cpu: { max: "32" } },
        graceSec: { max: 300 },
      },
    });
  });

  it("may be empty", async () => {
    expect(await policy("# nothing yet\n")).toMatchObject({ trust: "bounded" });
  });

  it.each([
    ["trust: full\nhom: shared\n", /line 2: hom is no rule. Did you mean home\?/],
    ["allow:\n  label: [team]\n", /line 2: allow\.label is no rule. Did you mean labels\?/],
    ["limits:\n  jobs: {perAgent: 0}\n", /line 2: limits\.jobs\.perAgent is not a whole number from 1 to 1000000/],
    ["workspaceClaims:\n  idleDays: -1\n", /line 2: workspaceClaims\.idleDays is not a whole number of days/],
    ["limits:\n  graceSec: {maximum: 3}\n", /line 2: limits\.graceSec\.maximum is no rule/],
    ["trust: [\n", /is no YAML/],
    ["allow:\n  claims: [*claude]\n", /Unresolved alias.*begins with \* in quotes/s],
    ["trust: some\n", /line 1: trust is neither bounded nor full/],
    ["home: private\nhome: shared\n", /is no YAML: Map keys must be unique/],
    ["- a\n- b\n", /is not a policy/],
    ["clusters:\n  gpu: {kubeconfig: gpu.yaml}\n", /line 2: clusters\.gpu\.kubeconfig is not an absolute path/],
    ["clusters:\n  gpu: {namespaces: ['agents-{company}']}\n", /\{company\}.*braces/],
    ["defaults: {imagePullPolcy: Never}\n", /imagePullPolcy/],
    ["defaults: {graceSec: soon}\n", /defaults\.graceSec is not a number/],
    ["defaults: {kubeconfig: /x}\n", /defaults\.kubeconfig is no setting that may stand there/],
    // The default needs 8Gi.
    [
      "limits: {resources: {memory: {max: 4Gi}}}\n",
      /limits\.resources\.memory\.max forbids resources\.limits\.memory.*defaults: \{resources\.limits\.memory/s,
    ],
    ["limits: {graceSec: {max: 10}}\n", /limits\.graceSec\.max forbids graceSec: 30/],
  ])("with a mistake is refused, with its line: %j", async (text, words) => {
    const said = await refusal(text);
    expect(said).toMatch(/^k8s_policy_invalid The policy .*policy\.yaml \(PAPERCLIP_K8S_POLICY\)/);
    expect(said).toMatch(words);
  });

  it("is read anew when it has changed", async () => {
    expect((await policy("home: none\n")).home).toBe("none");
    expect((await policy("home: shared\n")).home).toBe("shared");
  });

  it("is not taken from where agents write", async () => {
    expect(await refusal("{}", join(folder, "home/policy.yaml"))).toContain("lies in Paperclip's home");
    await symlink(join(folder, "home"), join(folder, "way")).catch(() => "is there");
    expect(await refusal("{}", join(folder, "way/policy.yaml"))).toContain("lies in Paperclip's home");
    expect(await refusal("{}", join(folder, "open.yaml"), 0o666)).toContain("can be written by others");
    expect(await refusal("{}", join(folder, "group.yaml"), 0o464)).toContain("can be written by others");
    await mkdir(join(folder, "open"), { recursive: true });
    await chmod(join(folder, "open"), 0o777);
    expect(await refusal("{}", join(folder, "open/policy.yaml"))).toContain("lies in a folder that others");
  });

  it("that cannot be read is no policy", async () => {
    const read = (path: string) => readPolicy({ PAPERCLIP_K8S_POLICY: path }).then(() => "it was read", message);
    expect(await read("/nowhere/policy.yaml")).toMatch(/cannot be read: ENOENT/);
    expect(await read("policy.yaml")).toContain("absolute path");
    expect(await read(folder)).toContain("cannot be read");
    expect(await refusal(`# ${"x".repeat(300_000)}`)).toContain("cannot be read");
  });

  it("of any text is read or refused, in bounded time", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ maxLength: 300 }), fc.json({ maxDepth: 4 })), async (text) => {
        expect(await refusal(text)).toMatch(/^(it was read|k8s_policy_invalid)/);
      }),
      { numRuns: cases(200) },
    );
  });
});
