import { describe, expect, it } from "vitest";
import { type ClaudeInvocation, claudeCommand } from "../../src/claude/arguments.ts";

const plain: ClaudeInvocation = {
  command: ["claude"],
  resume: null,
  skipPermissions: false,
  chrome: false,
  model: null,
  effort: null,
  maxTurns: 0,
  systemPromptFile: null,
  mcpFile: null,
  skillsFolder: null,
  extraArgs: [],
};

describe("Claude Code's command line", () => {
  it("reads the prompt from stdin: a dash would become part of the prompt", () => {
    expect(claudeCommand(plain)).toEqual(["claude", "--print", "--output-format", "stream-json", "--verbose"]);
  });

  it("passes what was set, in the contract's order", () => {
    const words = claudeCommand({
      ...plain,
      command: ["nice", "claude"],
      resume: "id",
      skipPermissions: true,
      chrome: true,
      model: "m",
      effort: "high",
      maxTurns: 3,
      systemPromptFile: "instructions.md",
      mcpFile: "mcp.json",
      skillsFolder: "skills",
      extraArgs: ["--foo", "a b"],
    });
    expect(words.slice(0, 2)).toEqual(["nice", "claude"]);
    expect(words.slice(6)).toEqual([
      ...["--resume", "id", "--dangerously-skip-permissions", "--chrome", "--model", "m", "--effort", "high"],
      ...["--max-turns", "3", "--append-system-prompt-file", { runFile: "instructions.md" }],
      ...["--mcp-config", { runFile: "mcp.json" }, "--strict-mcp-config", "--add-dir", { runFile: "skills" }],
      ...["--foo", "a b"],
    ]);
  });
});
