import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TurnState } from "../../src/runner/turn-state.ts";
import { backgroundTasks, calls, init, result, returns, says, taskNotification, taskStarted } from "./stream-json.ts";

function stateAfter(...lines: readonly string[]): Pick<TurnState, "ended" | "waitsFor"> {
  const turn = new TurnState();
  for (const line of lines) turn.see(Buffer.from(line));
  return { ended: turn.ended, waitsFor: turn.waitsFor };
}

const fixture = (name: string): string[] =>
  readFileSync(new URL(`../claude/fixtures/${name}.jsonl`, import.meta.url), "utf8").split("\n");

describe("the state of the agent's turn", () => {
  it.each([
    ["bash", true, null],
    ["maxturns", true, null],
    ["api500", true, null],
    ["resume-unknown", false, null],
    ["sigterm-slow", false, null],
    // Claude Code gives a tool that it ends itself a result.
    ["sigterm-tool", false, null],
    ["sigkill-tool", false, "Bash"],
  ])("is read from real output: %s", (name, ended, waitsFor) => {
    expect(stateAfter(...fixture(name))).toEqual({ ended, waitsFor });
  });

  it("knows the newest tool call in flight", () => {
    expect(stateAfter(init, calls("a", "Bash"), calls("b", "Read"))).toMatchObject({ waitsFor: "Read" });
    expect(stateAfter(init, calls("a", "Bash"), calls("b", "Read"), returns("b"))).toMatchObject({ waitsFor: "Bash" });
    expect(stateAfter(init, calls("a"), returns("a"))).toMatchObject({ waitsFor: null });
  });

  it("ends a subagent's calls with the subagent", () => {
    const lines = [init, calls("a", "Task"), calls("b", "Task", "a"), calls("c", "Bash", "b"), calls("d", "Bash")];
    expect(stateAfter(...lines, returns("a"))).toMatchObject({ waitsFor: "Bash" });
    expect(stateAfter(...lines, returns("a"), returns("d"))).toMatchObject({ waitsFor: null });
  });

  it("counts a background task only when the turn is over", () => {
    const lines = [init, taskStarted("t", "a build"), taskStarted("u", "in front", false), says("started")];
    expect(stateAfter(...lines)).toEqual({ ended: false, waitsFor: null });
    expect(stateAfter(...lines, result(1))).toEqual({ ended: true, waitsFor: 'background task "a build"' });
    expect(stateAfter(...lines, result(1), taskNotification("t"))).toEqual({ ended: true, waitsFor: null });
    expect(stateAfter(...lines, backgroundTasks("x", "y"), result(1))).toMatchObject({
      waitsFor: 'background task "y"',
    });
    expect(stateAfter(...lines, backgroundTasks(), result(1))).toMatchObject({ waitsFor: null });
  });

  it("is over with a result of some turns, or after words of a model; another turn begins it anew", () => {
    expect(stateAfter(init, result(0)).ended).toBe(false);
    expect(stateAfter(init, says("an API error", "<synthetic>"), result(0)).ended).toBe(false);
    expect(stateAfter(init, says("hello"), result(0)).ended).toBe(true);
    expect(stateAfter(init, says("hello"), returns("a"), result(0)).ended).toBe(false);
    expect(stateAfter(init, result(2), "a hook's words").ended).toBe(true);
    for (const begins of [init, says("more"), returns("a")])
      expect(stateAfter(init, result(2), begins).ended).toBe(false);
  });

  it("takes any bytes", () => {
    const words = ["assistant", "user", "result", "init", "task_started", "background_tasks_changed"];
    const value = fc.dictionary(
      fc.constantFrom("type", "subtype", "message", "content", "id", "tasks", "num_turns", "x"),
      fc.oneof(fc.constantFrom(...words), fc.jsonValue()),
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            value.map((event) => JSON.stringify(event)),
          ),
        ),
        (lines) => {
          stateAfter(...lines);
        },
      ),
    );
  });
});
