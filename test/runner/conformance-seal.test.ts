import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Pod, sh } from "./pod.ts";
import { nodeRunners, runners } from "./runners.ts";

const sample = (name: string): string =>
  readFileSync(new URL(`../claude/fixtures/${name}.jsonl`, import.meta.url), "utf8");

describe.each(nodeRunners)("what the agent says of itself on $name", (runner) => {
  it.each(["bash", "partial", "sigint-tool", "resume-unknown"])("is in the seal: %s", async (name) => {
    const pod = new Pod(runner, { command: ["cat"], prompt: sample(name) });
    const { seal } = await pod.ended();
    const events = sample(name).trimEnd().split("\n");
    const result = JSON.parse(events.at(-1) ?? "") as Record<string, unknown>;
    expect(seal.agent).toMatchObject({
      session_id: result.session_id,
      result: { subtype: result.subtype, total_cost_usd: result.total_cost_usd, num_turns: result.num_turns },
    });
    expect(seal.stdout?.lines).toBe(events.length);
    expect(seal.endedAt).toBeGreaterThanOrEqual(seal.startedAt ?? Number.POSITIVE_INFINITY);
  });

  it("is there though the runner was killed", async () => {
    const says = `printf '%s\\n' "$1"; echo "agent $$"; exec sleep 600`;
    const pod = new Pod(runner, { command: sh(says, sample("sigkill-tool").split("\n")[0] ?? "") });
    await pod.prints("agent ");
    const agent = Number(/agent (\d+)/.exec(pod.log.stdout.start.toString())?.[1]);
    await pod.until(() => pod.seal?.agent?.session_id !== undefined);
    pod.signal("SIGKILL");
    try {
      process.kill(agent, "SIGKILL");
    } catch {
      // It has gone with the runner.
    }
    const { seal } = await pod.ended();
    expect(seal).toEqual({
      v: 1,
      runner: "node",
      partial: true,
      ending: "unknown",
      exitCode: null,
      signal: null,
      startedAt: expect.any(Number),
      agent: { session_id: "44b791ef-8f7b-4f1c-aa49-437df26e2d7d", model: "claude-sonnet-4-5", init: true },
    });
  });
});

describe.each(runners)("the seal under $name", (runner) => {
  it("says that the run began, should the runner be killed at once", async () => {
    const pod = new Pod(runner, { command: sh('echo "agent $$"; exec sleep 600') });
    await pod.prints("agent ");
    const agent = Number(/agent (\d+)/.exec(pod.log.stdout.start.toString())?.[1]);
    pod.signal("SIGKILL");
    try {
      process.kill(agent, "SIGKILL");
    } catch {
      // It has gone with the runner.
    }
    const { seal } = await pod.ended();
    expect(seal).toMatchObject({ runner: runner.kind, partial: true, ending: "unknown", exitCode: null, signal: null });
  });

  it("passes 4096 bytes under no circumstances", async () => {
    const event = JSON.stringify({
      type: "result",
      subtype: "success",
      result: "漢\u0001".repeat(9000),
      errors: ["🦊".repeat(900)],
    });
    const pod = new Pod(runner, { command: sh("cat; yes '\"' | head -c 100000 >&2"), prompt: event });
    await pod.ended();
    expect(readFileSync(pod.terminationLog).length).toBeLessThanOrEqual(4096);
  });
});
