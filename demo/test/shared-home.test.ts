/** Several pods of agents that share a home and its login, with the real Claude Code and the real runner. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runnerScript, startScript } from "../../src/runner/scripts.generated.ts";
import type { Seal } from "../../src/runner/seal.ts";
import { parseSeal } from "../../src/runner/seal-message.ts";
import { CONFIG_DIRECTORY, RUN_FILES, type RunnerSpec } from "../../src/runner/spec.ts";
import { isLong } from "../../test/support/thoroughness.ts";
import { findClaudeCode } from "../claude-code.ts";
import { say, text } from "../scripted-model/index.ts";
import { type Anthropic, startAnthropic } from "./support/anthropic.ts";

const PODS = isLong ? [1, 2, 3, 4] : [1, 2];
/** Shorter than the time before its end in which Claude Code refreshes a token: each start needs another. */
const TOKEN_SEC = 60;

let anthropic: Anthropic;
let root: string;
let home: string;
beforeAll(async () => {
  anthropic = await startAnthropic(() => say([text("Hello.")]), TOKEN_SEC);
  root = mkdtempSync(join(tmpdir(), "shared-home-"));
  home = join(root, "home");
  mkdirSync(join(home, ".claude"), { recursive: true });
  writeFileSync(join(root, "ca.pem"), anthropic.certificate);
  writeFileSync(join(home, ".claude", ".credentials.json"), JSON.stringify(anthropic.login));
  writeFileSync(join(home, ".claude.json"), JSON.stringify({ hasCompletedOnboarding: true, kept: "by all" }));
});
afterAll(async () => {
  await anthropic.stop();
  rmSync(root, { recursive: true, force: true, maxRetries: 3 });
});

/** The runner as in a pod: the run's Secret, a scratch folder, the shared home. */
async function run(pod: number, resume: string | undefined): Promise<Seal | null> {
  const folder = mkdtempSync(join(root, `pod-${pod}-`));
  const flags = ["--print", "--output-format", "stream-json", "--verbose", ...(resume ? ["--resume", resume] : [])];
  const spec: RunnerSpec = {
    command: [findClaudeCode().binary, ...flags],
    ...{ graceSec: 10, timeoutSec: 0 },
  };
  const files = { [RUN_FILES.start]: startScript, [RUN_FILES.runner]: runnerScript, [RUN_FILES.prompt]: "Hello?" };
  for (const [name, content] of Object.entries({ ...files, [RUN_FILES.spec]: JSON.stringify(spec) }))
    writeFileSync(join(folder, name), content);
  const message = join(folder, "termination-log");
  const child = spawn("/bin/sh", [join(folder, RUN_FILES.start), message, join(home, "work", String(pod))], {
    stdio: "ignore",
    env: {
      ...{ PATH: process.env.PATH, HOME: home, TMPDIR: folder, NODE_EXTRA_CA_CERTS: join(root, "ca.pem") },
      ...{ ...anthropic.env, [CONFIG_DIRECTORY]: join(folder, "claude-config") },
    },
  });
  await once(child, "exit");
  return parseSeal(readFileSync(message, "utf8"));
}

describe("a home that several pods use at once", () => {
  const sessions: string[] = [];

  it("keeps one login for all, though its refresh token serves once", async () => {
    const seals = await Promise.all(PODS.map((pod) => run(pod, undefined)));
    for (const seal of seals) {
      expect(seal).toMatchObject({ exitCode: 0, agent: { result: { is_error: false, text: "Hello." } } });
      expect(seal?.error).toBeUndefined();
      sessions.push(seal?.agent?.session_id ?? "none");
    }
    expect(new Set(sessions).size).toBe(PODS.length);
    expect(anthropic.reused).toBe(0);
    expect(anthropic.refreshes).toBeGreaterThan(0);
  });

  it("has every session for the next run, and no file that was damaged", async () => {
    const seals = await Promise.all(PODS.map((pod, index) => run(pod, sessions[index])));
    expect(seals.map((seal) => seal?.agent?.session_id)).toEqual(sessions);
    for (const seal of seals) expect(seal).toMatchObject({ exitCode: 0, agent: { result: { is_error: false } } });
    expect(anthropic.reused).toBe(0);
    const names = readdirSync(home, { recursive: true, encoding: "utf8" });
    expect(names.filter((name) => /corrupted|\.lock$|claude-k8s/.test(name))).toEqual([]);
    expect(names.filter((name) => name.endsWith(".jsonl")).length).toBe(PODS.length);
    expect(JSON.parse(readFileSync(join(home, ".claude.json"), "utf8"))).toMatchObject({ kept: "by all" });
    const { claudeAiOauth } = JSON.parse(readFileSync(join(home, ".claude", ".credentials.json"), "utf8"));
    expect(claudeAiOauth.refreshToken).toBe(`refresh-${anthropic.refreshes}`);
  });
});
