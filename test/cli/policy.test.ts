/** `claude-k8s policy` as an operator runs it: a process of its own, and a Paperclip that answers over HTTP. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parsePolicy } from "../../src/policy/parse-policy.ts";
import { govern } from "../../src/policy/policy.ts";
import { leastEnvironment } from "../support/program.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-policy-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(args: readonly string[], env: Record<string, string> = {}, input = "") {
  const child = spawn(process.execPath, [main, "policy", ...args], {
    env: { ...leastEnvironment, PAPERCLIP_HOME: join(folder, "home"), ...env },
  });
  child.stdin.on("error", () => {}).end(input);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { stdout, stderr, exitCode: exitCode as number };
}

async function file(content: string, mode = 0o444): Promise<string> {
  const path = join(folder, `${crypto.randomUUID()}.yaml`);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

describe("claude-k8s policy", () => {
  it("prints the defaults where there is no file", async () => {
    const { stdout, exitCode } = await run([]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^# There is no policy file: PAPERCLIP_K8S_POLICY is not set here/);
    expect(parse(stdout)).toMatchObject({ trust: "bounded", home: "private", allow: { claims: [], images: ["*"] } });
  });

  it("prints the one in force, with the lines that are the file's", async () => {
    const path = await file("# mine\nhome: none\n");
    const { stdout, exitCode } = await run([], { PAPERCLIP_K8S_POLICY: path });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`# The policy in force: ${path} (PAPERCLIP_K8S_POLICY).`);
    expect(stdout).toMatch(/^home: none +# line 2$/m);
    expect(stdout).toMatch(/^trust: bounded +# default$/m);
  });

  it("prints nothing of a broken one: exit code 1, the rule and its line", async () => {
    const path = await file("trust: full\nhom: shared\nlimits: {graceSec: {max: -1}}\n");
    const { stdout, stderr, exitCode } = await run([path]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toMatch(/^claude-k8s policy: The policy \/.*: line 2: hom is no rule\. Did you mean home\?$/m);
    expect(stderr).toMatch(/line 3: limits\.graceSec\.max/);
  });

  it("holds the one in force to where it lies, and a named one to what it says", async () => {
    const path = await file("home: none\n", 0o666);
    const { stderr, exitCode } = await run([], { PAPERCLIP_K8S_POLICY: path });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("can be written by others");
    expect((await run([path])).exitCode).toBe(0);
    expect((await run(["-"], {}, "home: none\n")).stdout).toContain("# The policy that stdin would be.");
    const inHome = `clusters: {gpu: {kubeconfig: ${join(folder, "home/gpu.yaml")}}}\n`;
    expect((await run(["-"], {}, inHome)).stderr).toMatch(/line 1: clusters\.gpu\.kubeconfig lies in Paperclip's home/);
  });

  it("prints the schema for editors", async () => {
    const { stdout } = await run(["--schema"]);
    expect(JSON.parse(stdout)).toMatchObject({ type: "object", properties: { trust: { enum: ["bounded", "full"] } } });
  });

  it.each([
    [["a", "b"], 2, /it takes one file/],
    [["--wrong"], 2, /--wrong/],
    [["/nowhere"], 1, /cannot be read: ENOENT/],
    [["suggest", "--api-url", "ftp://x"], 2, /no http address/],
    [["suggest", "--api-url", "http://127.0.0.1:1"], 1, /does not answer.*--api-url/],
  ])("%j exits with %i", async (args, code, words) => {
    const { exitCode, stderr } = await run(args);
    expect({ exitCode, stderr: words.test(stderr) ? "as expected" : stderr }).toEqual({
      exitCode: code,
      stderr: "as expected",
    });
  });
});

const ADA = "3f0c1c1e-7a55-4c57-9d0a-6a1b2f7b0001";
const BOB = "3f0c1c1e-7a55-4c57-9d0a-6a1b2f7b0002";
const agents = [
  {
    id: ADA,
    // An agent chooses its name, and would write a rule with it.
    name: "Ada\r\nallow: {claims: ['*']}\u2028trust: full\u0085home: shared",
    adapterType: "claude_k8s",
    adapterConfig: {
      homeClaim: `claude-${ADA}`,
      labels: "team=core",
      graceSec: "600",
      env: { KEY: { type: "plain", value: "***REDACTED***" } },
    },
  },
  {
    id: BOB,
    name: "Bob",
    adapterType: "claude_k8s",
    adapterConfig: { homeClaim: `claude-${BOB}`, kubeconfig: "KUBECONFIG", kubeContext: "gpu", namespace: "lab" },
  },
  { id: "eve", name: "Eve", adapterType: "claude_k8s", adapterConfig: { kubeconfig: "HOME/evil.yaml" } },
  { id: "dot", name: "Dot", adapterType: "claude_k8s", adapterConfig: { serviceAccountName: "***REDACTED***" } },
  { id: "loc", name: "Loc", adapterType: "claude_local", adapterConfig: { kubeconfig: "/x" } },
];
const tasks = [
  {
    identifier: "ACME-1",
    assigneeAgentId: ADA,
    assigneeAdapterOverrides: { adapterConfig: { nodeSelector: "gpu=yes" } },
  },
  { identifier: "ACME-2", assigneeAgentId: ADA, assigneeAdapterOverrides: null },
];

describe("claude-k8s policy suggest", () => {
  let server: Server;
  let url = "";
  let kubeconfig = "";
  const asked: string[] = [];
  beforeAll(async () => {
    kubeconfig = await file("users: [{name: u, user: {exec: {command: aws, args: [eks]}}}]\n");
    const at = (text: string): string =>
      text.replaceAll("KUBECONFIG", kubeconfig).replaceAll("HOME/", `${join(folder, "home")}/`);
    server = createServer(({ url: path = "", headers }, response) => {
      asked.push(path);
      const answer = (status: number, body: unknown): void => {
        response.writeHead(status, { "content-type": "application/json" }).end(at(JSON.stringify(body)));
      };
      // As 2026.916.1 in the mode `authenticated`: an empty key is refused too.
      if (headers.authorization !== "Bearer board-key") return answer(401, { error: "Unauthorized" });
      if (path === "/api/companies") return answer(200, [{ id: "c1", name: "Acme" }]);
      if (path === "/api/companies/c1/agents") return answer(200, agents);
      if (path.startsWith("/api/companies/c1/issues?")) return answer(200, tasks);
      return answer(404, {});
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  const suggested = (...more: string[]) =>
    run(["suggest", "--api-url", url, "--token", "board-key", ...more], { PAPERCLIP_NAMESPACE: "paperclip" });

  it("prints the policy under which all go on that can, with the reasons", async () => {
    const { stdout, stderr, exitCode } = await suggested();
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const { policy, file: rules } = parsePolicy(stdout, { path: null, named: "it", ownKubeconfigs: [] });
    expect(rules).toEqual({
      allow: { claims: ["claude-{agentId}"], labels: ["team"], nodeLabels: ["gpu=yes"] },
      limits: { graceSec: { max: 600 } },
      clusters: { gpu: { kubeconfig, context: "gpu", namespaces: ["lab"] } },
    });
    const [, bob] = agents;
    const config = { ...bob?.adapterConfig, kubeconfig };
    expect(govern(config, policy, { companyId: "c1", agentId: BOB })).toMatchObject({ namespace: "lab" });
    expect(stdout).toContain("# LOOK: It runs aws on Paperclip's machine");
    expect(stdout).toMatch(/# For Ada .*\(Acme, task ACME-1\)\. Agents may choose nodes by it\./);
    expect(stdout).toMatch(/^# - Eve \(Acme\): kubeconfig is .*in Paperclip's home/m);
    expect(stdout).toMatch(/^# - Dot \(Acme\) \(Paperclip hides a value/m);
    expect(stderr).toMatch(/marked LOOK/);
    expect(asked).toContain(
      "/api/companies/c1/issues?status=backlog,todo,in_progress,in_review,blocked&limit=200&offset=0",
    );
    // It is a policy for the command itself, and one under which nothing more is suggested.
    const path = await file(stdout);
    expect((await run([path])).exitCode).toBe(0);
    const again = parsePolicy((await suggested("--policy", path)).stdout, {
      path: null,
      named: "it",
      ownKubeconfigs: [],
    });
    expect(again.file).toEqual(rules);
  });

  it("prints it as a ConfigMap, in which no name of an agent is more than a word of a comment", async () => {
    const { stdout } = await suggested("--configmap", "--namespace", "paperclip");
    const { kind, metadata, data } = parse(stdout);
    expect({ kind, metadata }).toEqual({
      kind: "ConfigMap",
      metadata: { name: "claude-k8s-policy", namespace: "paperclip" },
    });
    expect(Object.keys(data)).toEqual(["policy.yaml"]);
    expect(parse(data["policy.yaml"])).toMatchObject({ allow: { claims: ["claude-{agentId}"] } });
    // What any reader of YAML takes for the end of a line.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
    expect(stdout).not.toMatch(/[\r\u0085\u2028\u2029\u0000-\u0009]/);
  });

  it("says which key it needs", async () => {
    const none = await run(["suggest", "--api-url", url]);
    expect(none).toMatchObject({ exitCode: 1, stdout: "" });
    expect(none.stderr).toMatch(/needs a key \(401\).*board API key/);
    const wrong = await run(["suggest", "--api-url", url], { PAPERCLIP_API_KEY: "an-agents" });
    expect(wrong.stderr).toMatch(/does not accept the key \(401\)/);
  });
});
