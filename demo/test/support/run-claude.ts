import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { findClaudeCode } from "../../claude-code.ts";

export interface ClaudeRun {
  readonly exitCode: number | null;
  readonly events: readonly Record<string, unknown>[];
  /** Where the CLI ran; gone by now. */
  readonly cwd: string;
}

/** Runs the real CLI once against `baseUrl`, in a folder of its own that is removed afterwards. */
export async function runClaude(baseUrl: string, prompt: string, env: Record<string, string> = {}): Promise<ClaudeRun> {
  const root = await mkdtemp(join(tmpdir(), "scripted-model-test-"));
  const cwd = join(root, "work");
  await mkdir(cwd);
  try {
    const child = spawn(
      findClaudeCode().binary,
      ["--print", "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions"],
      {
        cwd,
        stdio: ["pipe", "pipe", "ignore"],
        env: {
          PATH: process.env.PATH,
          HOME: root,
          TMPDIR: root,
          IS_SANDBOX: "1",
          ANTHROPIC_BASE_URL: baseUrl,
          ANTHROPIC_API_KEY: "no-key",
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
          ...env,
        },
      },
    );
    child.stdin.end(prompt);
    const [output, [exitCode]] = await Promise.all([text(child.stdout), once(child, "close")]);
    const lines = output.split("\n").filter((line) => line !== "");
    return { exitCode: exitCode as number | null, events: lines.map((line) => JSON.parse(line)), cwd };
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The text of the (last) result event. */
export function resultOf(run: ClaudeRun): Record<string, unknown> {
  const result = run.events.findLast((event) => event.type === "result");
  if (!result) throw new Error("Claude Code printed no result");
  return result;
}
