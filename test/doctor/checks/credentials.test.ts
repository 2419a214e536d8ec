/** Where Claude Code's credential would come from, on real folders for the shared home. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { CheckContext } from "../../../src/doctor/check.ts";
import { checkCredentials } from "../../../src/doctor/checks/credentials.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { hostPod, input } from "../../run/support/plan-input.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

interface Given {
  readonly own?: Record<string, string>;
  readonly inherited?: Record<string, string>;
  readonly homeClaim?: string;
  /** Folder of the home that Paperclip shares. */
  readonly shared?: string;
}

function check({ own = {}, inherited = {}, homeClaim, shared }: Given) {
  const pod = { ...hostPod, homeClaim: { claimName: "home", subPath: null, mountPath: shared ?? "" } };
  const given = input({
    config: { env: own, ...(homeClaim ? { homeClaim } : {}) },
    inherited: { variables: inherited, paths: {} },
    hostPod: shared ? pod : null,
  });
  const context = {
    agent: given.agent,
    namespace: "agents",
    hostPod: shared ? { kind: "found", pod } : { kind: "none", why: "" },
    plan: planRun(given),
    companyId: "company-1",
  } as unknown as CheckContext;
  return checkCredentials(context);
}

async function home(login: boolean): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "shared-home-"));
  folders.push(folder);
  await mkdir(join(folder, ".claude"));
  if (login) await writeFile(join(folder, ".claude", ".credentials.json"), "{}");
  return folder;
}

describe("the credential of Claude Code", () => {
  it.each([
    ["ANTHROPIC_API_KEY", "claude_anthropic_api_key_overrides_subscription"],
    ["CLAUDE_CODE_OAUTH_TOKEN", "claude_oauth_token_configured"],
    ["ANTHROPIC_AUTH_TOKEN", "claude_auth_token_configured"],
  ])("is %s, of the agent or of Paperclip, and its value is never shown", async (name, code) => {
    const own = await check({ own: { [name]: "top-secret" } });
    expect(own).toMatchObject([{ code, level: "info", message: expect.stringContaining("the agent's environment") }]);
    const inherited = await check({ inherited: { [name]: "top-secret" } });
    expect(inherited).toMatchObject([{ code, message: expect.stringContaining("Paperclip's own environment") }]);
    expect(JSON.stringify([own, inherited])).not.toContain("top-secret");
  });

  it("is not one that the agent has set to nothing", async () => {
    const [found] = await check({ own: { ANTHROPIC_API_KEY: "" }, inherited: { ANTHROPIC_API_KEY: "a-key" } });
    expect(found?.code).toBe("claude_credentials_missing");
  });

  it("is one of two: the other is named as without effect", async () => {
    const [found] = await check({ own: { CLAUDE_CODE_OAUTH_TOKEN: "t" }, inherited: { ANTHROPIC_API_KEY: "k" } });
    expect(found).toMatchObject({
      level: "warn",
      code: "claude_anthropic_api_key_overrides_subscription",
      message: expect.stringContaining("CLAUDE_CODE_OAUTH_TOKEN of the agent's environment has no effect"),
    });
  });

  it("is a cloud's, before any key, and says what that needs", async () => {
    const env = { CLAUDE_CODE_USE_BEDROCK: "1", ANTHROPIC_API_KEY: "k" };
    expect(await check({ own: env })).toMatchObject([
      {
        code: "claude_bedrock_auth",
        level: "warn",
        message: expect.stringContaining("AWS_REGION or AWS_DEFAULT_REGION"),
      },
    ]);
    const whole = { ...env, AWS_REGION: "eu-west-1", AWS_BEARER_TOKEN_BEDROCK: "t" };
    expect(await check({ own: whole })).toMatchObject([{ code: "claude_bedrock_auth", level: "info" }]);
    expect(await check({ own: { CLAUDE_CODE_USE_VERTEX: "true" } })).toMatchObject([{ code: "claude_vertex_auth" }]);
    expect(await check({ own: { CLAUDE_CODE_USE_FOUNDRY: "1" } })).toMatchObject([{ code: "claude_foundry_auth" }]);
    expect(await check({ own: { CLAUDE_CODE_USE_BEDROCK: "0", ANTHROPIC_API_KEY: "k" } })).toMatchObject([
      { code: "claude_anthropic_api_key_overrides_subscription" },
    ]);
  });

  it("is a login in the home that Paperclip shares", async () => {
    expect(await check({ shared: await home(true) })).toMatchObject([
      { code: "claude_subscription_mode_possible", hint: expect.stringContaining("setup-token") },
    ]);
  });

  it.each([
    ["no volume at all", async () => ({})],
    ["no login in the shared home", async () => ({ shared: await home(false) })],
  ])("is missing, where there is %s", async (_, given) => {
    expect(await check(await given())).toMatchObject([
      { level: "error", code: "claude_credentials_missing", hint: expect.stringContaining("ANTHROPIC_API_KEY") },
    ]);
  });

  it("may lie in a volume that Paperclip does not see: that is no absence", async () => {
    expect(await check({ homeClaim: "theirs" })).toMatchObject([
      { level: "warn", code: "claude_credentials_unseen", message: expect.stringContaining("claim theirs") },
    ]);
  });
});
