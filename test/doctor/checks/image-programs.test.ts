/** What the environment test says of an image that lacks bash or Node, or Claude Code. */
import { describe, expect, it } from "vitest";
import type { PodContext } from "../../../src/doctor/check.ts";
import { checkNode } from "../../../src/doctor/checks/node.ts";
import { checkProgram } from "../../../src/doctor/checks/program.ts";
import { checkShell } from "../../../src/doctor/checks/shell.ts";
import { agentOf } from "../../run/support/plan-input.ts";
import { policyOf } from "../../support/policy.ts";

const FACTS = {
  program: "/usr/bin/claude",
  version: "2.1.330",
  bash: "/bin/bash",
  node: "v24.0.0",
  git: "/usr/bin/git",
};

const context = (
  probe: { facts?: Record<string, unknown> | null; runner?: string },
  recorder: "same" | "separate" = "same",
) =>
  ({
    agent: agentOf({ image: "img:1" }, policyOf({ trust: "full", recorder })),
    probe: { facts: FACTS, runner: "node", ...probe },
  }) as unknown as PodContext;

describe("an image", () => {
  it("that has all is not spoken of", () => {
    expect([...checkShell(context({})), ...checkNode(context({}))]).toEqual([]);
    expect(checkProgram(context({}))).toMatchObject([{ level: "info", code: "claude_command_resolvable" }]);
  });

  it("without bash is an error: no command of the agent would run", () => {
    const found = checkShell(context({ facts: { ...FACTS, bash: null } }));
    expect(found).toMatchObject([{ level: "error", code: "k8s_image_no_bash" }]);
  });

  it("without Node is a warning where the runner does without, an error where a recorder needs it", () => {
    const [warned] = checkNode(context({ runner: "sh" }));
    expect(warned).toMatchObject({ level: "warn", code: "k8s_image_no_node" });
    expect(warned?.hint).toContain("cliImage");
    const [refused] = checkNode(context({ runner: "sh" }, "separate"));
    expect(refused).toMatchObject({ level: "error", code: "k8s_image_no_node" });
    expect(refused?.message).toContain("does not start");
  });

  it("without Claude Code may get it from a second one", () => {
    const [found] = checkProgram(context({ facts: { ...FACTS, program: null } }));
    expect(found).toMatchObject({ level: "error", code: "claude_command_unresolvable" });
    expect(found?.hint).toContain("cliImage");
  });

  it("of which nothing is known is not judged", () => {
    const unknown = context({ facts: null, runner: "node" });
    expect([...checkShell(unknown), ...checkNode(unknown), ...checkProgram(unknown)]).toEqual([]);
  });
});
