/**
 * Paperclip's own Claude adapter, whose contract ours holds: a new version of it is to be looked at before it is used. No
 * server is booted: what counts stands in the installed packages.
 */
import { glob, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServerAdapterModule } from "@paperclipai/adapter-utils";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createAdapter } from "../../src/adapter.ts";
import { costEventOf } from "../../src/paperclip/cost-event.ts";
import { mcpConfig } from "../../src/paperclip/mcp.ts";
import { e2eFolder } from "../host/install.ts";

/** A file of an installed package, also one that the package does not export. */
const load = <T>(file: string): Promise<T> =>
  import(pathToFileURL(join(e2eFolder, "node_modules/@paperclipai", file)).href) as Promise<T>;

let theirs: ServerAdapterModule;
let folder: string;
beforeAll(async () => {
  const registry = await load<{ requireServerAdapter(type: string): ServerAdapterModule }>(
    "server/dist/adapters/registry.js",
  );
  theirs = registry.requireServerAdapter("claude_local");
  folder = await mkdtemp(join(tmpdir(), "host-shape-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("tells the host the same of itself", () => {
  const ours = createAdapter();
  for (const key of [
    "runtimeToolDelivery",
    "supportsLocalAgentJwt",
    "supportsInstructionsBundle",
    "instructionsPathKey",
    "requiresMaterializedRuntimeSkills",
    "sessionManagement",
  ] as const)
    expect(ours[key], key).toEqual(theirs[key]);
  const byId = (models: ServerAdapterModule["models"]) => models?.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  expect(byId(ours.models)).toEqual(byId(theirs.models));
});

it("has everything that the host can ask of an adapter, but for what has no meaning in a pod", () => {
  const missing = Object.keys(theirs).filter((key) => !(key in createAdapter()));
  // Another engine, a login and a quota on the host's machine, a remote sandbox of the host's.
  expect(missing.sort()).toEqual(["acp", "getQuotaWindows", "getRuntimeCommandSpec", "loginCapability"]);
});

it("has nothing to say that only claude_local's result has: the host and its page do not read it", async () => {
  const read = async (folder: string): Promise<string[]> => {
    const files = await Array.fromAsync(glob("**/*.js", { cwd: join(e2eFolder, "node_modules/@paperclipai", folder) }));
    const texts = await Promise.all(
      files
        .filter((file) => !file.endsWith(".test.js"))
        .map((file) => readFile(join(e2eFolder, "node_modules/@paperclipai", folder, file), "utf8")),
    );
    return ["errorMeta", "claude_cli_version_incompatible"].filter((word) => texts.some((text) => text.includes(word)));
  };
  expect(await read("server/dist")).toEqual([]);
  expect(await read("server/ui-dist/assets")).toEqual([]);
});

it("takes what an agent enters of its own costs, and says in the same words that an agent is terminated", async () => {
  const { createCostEventSchema } = await load<{ createCostEventSchema: { parse(value: unknown): object } }>(
    "shared/dist/validators/cost.js",
  );
  const id = "5d0c1a52-2b8f-4b1c-9d7e-0f8f6f1f2a3b";
  const run = { agentId: id, heartbeatRunId: id, issueId: id, occurredAt: new Date(0).toISOString() };
  for (const billingType of ["api", "subscription", "metered_api", "unknown"] as const) {
    const bill = { usage: { inputTokens: 7, outputTokens: 5 }, costUsd: 0.25, provider: "anthropic", billingType };
    const event = costEventOf({ ...bill, biller: "anthropic", model: "claude-sonnet-5" }, run);
    expect(createCostEventSchema.parse(event)).toEqual(event);
  }
  const source = (file: string): Promise<string> =>
    readFile(join(e2eFolder, "node_modules/@paperclipai/server/dist", file), "utf8");
  expect(await source("routes/costs.js")).toContain('"/companies/:companyId/cost-events"');
  expect(await source("routes/costs.js")).toContain("Agent can only report its own costs");
  expect(await source("middleware/auth.js")).toContain('unauthorized("Agent is terminated');
});

it("gives Claude Code the same MCP servers", async () => {
  const { writePaperclipClaudeMcpConfig } = await load<{
    writePaperclipClaudeMcpConfig(input: object): Promise<string>;
  }>("adapter-claude-local/dist/server/claude-config.js");
  const server = (name: string, connectionId: string) => ({ name, url: "http://h/x", token: "t", connectionId });
  const servers = [server("a", "connection-1"), server("a", "connection-2"), server("b b", "c")];
  const file = await writePaperclipClaudeMcpConfig({ stateDir: folder, runId: "run", servers });
  expect(JSON.parse(mcpConfig(servers, null, null) ?? "")).toEqual(JSON.parse(await readFile(file, "utf8")));
});

it("lists the same skills", async () => {
  await mkdir(join(folder, "skill"));
  await writeFile(join(folder, "skill/SKILL.md"), "# A skill\n");
  const entry = (key: string, status: string) => ({
    key,
    runtimeName: key.replaceAll("/", "-"),
    source: join(folder, status === "available" ? "skill" : "nowhere"),
    sourceStatus: status,
  });
  const config = {
    // Skills in the home of the server's user are none of a pod's.
    env: { HOME: folder },
    paperclipSkillSync: { desiredSkills: ["team/wanted", "team/lost"] },
    paperclipRuntimeSkills: [
      entry("paperclipai/paperclip/paperclip", "available"),
      entry("team/wanted", "available"),
      entry("team/lost", "missing"),
      entry("team/other", "available"),
    ],
  };
  const ctx = { agentId: "a", companyId: "c", adapterType: "claude_local", config };
  const essence = async (adapter: ServerAdapterModule) => {
    const { entries = [], ...snapshot } = (await adapter.listSkills?.(ctx)) ?? {};
    return {
      ...snapshot,
      entries: entries.map(({ key, desired, state, runtimeName }) => ({ key, desired, state, runtimeName })),
    };
  };
  expect(await essence(createAdapter())).toEqual(await essence(theirs));
});

it("finds the same kinds of failure in Claude Code's output", async () => {
  const parse = await load<{
    parseClaudeStreamJson(stdout: string): { resultJson: Record<string, unknown> | null };
    isClaudeProviderQuotaError(input: object): boolean;
    isClaudeTransientUpstreamError(input: object): boolean;
    isClaudeModelNotFoundError(input: object): boolean;
    isClaudeMaxTurnsResult(parsed: unknown): boolean;
    detectClaudeLoginRequired(input: object): { requiresLogin: boolean };
  }>("adapter-claude-local/dist/server/parse.js");
  const kindOf = async (sample: string): Promise<string | null> => {
    const stdout = await readFile(new URL(`../../test/claude/fixtures/${sample}.jsonl`, import.meta.url), "utf8");
    const parsed = parse.parseClaudeStreamJson(stdout).resultJson;
    const input = { parsed, stdout, stderr: "", errorMessage: null };
    if (parse.detectClaudeLoginRequired(input).requiresLogin) return "claude_auth_required";
    if (parse.isClaudeModelNotFoundError(input)) return "model_not_found";
    if (parse.isClaudeMaxTurnsResult(parsed)) return "max_turns_exhausted";
    if (parse.isClaudeProviderQuotaError(input)) return "provider_quota";
    return parse.isClaudeTransientUpstreamError(input) ? "claude_transient_upstream" : null;
  };
  const kinds = {
    nokey: "claude_auth_required",
    "oauth-401": "claude_auth_required",
    api403: "claude_auth_required",
    badmodel: "model_not_found",
    maxturns: "max_turns_exhausted",
    "api429-unified": "provider_quota",
    "api429-retries2": "claude_transient_upstream",
    "api529-retries2": "claude_transient_upstream",
    // Ours knows better, from the fields of the result: a quota with its reset, a login, no credit, a passing failure.
    "oauth-429sub": "claude_transient_upstream",
    "api401-retries1": null,
    api400credit: null,
    "api500-retries2": null,
  };
  for (const [sample, kind] of Object.entries(kinds)) expect(await kindOf(sample), sample).toBe(kind);
});
