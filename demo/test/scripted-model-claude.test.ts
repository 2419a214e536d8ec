/** The scripted model is only as good as the real Claude Code CLI finds it. */
import { afterEach, expect, test } from "vitest";
import { some } from "../../test/support/thoroughness.ts";
import {
  attempts,
  bash,
  filler,
  hangUp,
  refusals,
  type Script,
  type ScriptedModel,
  say,
  startScriptedModel,
  text,
  thinking,
  toolUse,
} from "../scripted-model/index.ts";
import { resultOf, runClaude } from "./support/run-claude.ts";

let model: ScriptedModel | undefined;
afterEach(async () => {
  await model?.stop();
});

async function start(script: Script): Promise<ScriptedModel> {
  model = await startScriptedModel({ script });
  return model;
}

test("a Bash call runs, and its result comes back to the script", async () => {
  const { url, requests } = await start((asked) =>
    asked.toolResult
      ? say([text(`It says: ${asked.toolResult.text}`)])
      : say([thinking("Run it. 🦊"), text("I run it."), bash("pwd; echo $((6 * 7))")]),
  );
  const run = await runClaude(url, "What is six times seven?");
  expect(run.exitCode).toBe(0);
  expect(resultOf(run).result).toBe(`It says: ${run.cwd}\n42`);
  expect(requests.map(({ role, step, prompt }) => ({ role, step, prompt }))).toEqual([
    { role: "main", step: 0, prompt: "What is six times seven?" },
    { role: "main", step: 1, prompt: "What is six times seven?" },
  ]);
  const kinds = run.events.flatMap((event) => (event.type === "assistant" ? blockTypes(event) : []));
  expect(kinds).toEqual(["thinking", "text", "tool_use", "text"]);
  expect(JSON.stringify(run.events)).toContain("Run it. 🦊");
});

test("a subagent is told from the main agent", async () => {
  const { url, requests } = await start((asked) => {
    if (asked.role === "helper") return say([text("one, two, three")]);
    const task = { description: "Count", prompt: "Count to three", subagent_type: "general-purpose" };
    return asked.step === 0
      ? say([toolUse("Agent", { ...task, run_in_background: false })])
      : say([text("It counted.")]);
  });
  const run = await runClaude(url, "Let somebody count to three.");
  expect(resultOf(run).result).toBe("It counted.");
  const helper = requests.find((asked) => asked.role === "helper");
  expect(helper).toMatchObject({ step: 0, attempt: 0, prompt: "Count to three" });
  expect(helper?.agentId).not.toBe("");
});

test("the CLI retries a rate limit and a lost connection, and then sees the next attempt", async () => {
  const { url, requests } = await start([
    attempts(refusals.rateLimit(0), hangUp([text("Half")]), say([text("Whole.")])),
  ]);
  const run = await runClaude(url, "Go");
  expect(resultOf(run)).toMatchObject({ result: "Whole.", is_error: false });
  const retries = run.events.filter((event) => event.subtype === "api_retry");
  expect(retries.map((event) => event.error_status)).toEqual([429, null]);
  expect(requests.map((asked) => asked.attempt)).toEqual([0, 1, 2]);
});

test.each(
  some([
    ["credit", refusals.credit(), 400, "Credit balance is too low"],
    ["permission", refusals.permission(), 403, "Failed to authenticate. API Error: 403"],
    ["authentication", refusals.authentication(), 401, "Invalid API key"],
    ["overloaded", refusals.overloaded(), 529, "Overloaded"],
    ["server", refusals.server(), 500, "500"],
  ] as const),
)("%s: the CLI reports the error as it reports the real one", async (_name, turn, status, words) => {
  const { url } = await start([turn]);
  const run = await runClaude(url, "Go", { CLAUDE_CODE_MAX_RETRIES: "0" });
  expect(run.exitCode).toBe(1);
  expect(resultOf(run)).toMatchObject({ is_error: true, api_error_status: status });
  expect(resultOf(run).result).toContain(words);
});

test("a subscription's used-up quota names the window and when it opens again", async () => {
  const resetsAt = Math.floor(Date.now() / 1000) + 3600;
  const { url } = await start([refusals.quota(resetsAt)]);
  const run = await runClaude(url, "Go", { ANTHROPIC_API_KEY: "", CLAUDE_CODE_OAUTH_TOKEN: "no-token" });
  const event = run.events.find(({ type }) => type === "rate_limit_event");
  expect(event?.rate_limit_info).toMatchObject({ status: "rejected", resetsAt, rateLimitType: "five_hour" });
  expect(resultOf(run).result).toContain("You've hit your 5-hour limit");
});

test("filler arrives whole", async () => {
  const { url } = await start([say([filler(1_500_001)])]);
  const run = await runClaude(url, "Go");
  expect(String(resultOf(run).result)).toHaveLength(1_500_001);
});

function blockTypes(event: Record<string, unknown>): string[] {
  const { message } = event as { message: { content: { type: string }[] } };
  return message.content.map((block) => block.type);
}
