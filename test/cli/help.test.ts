/** What every command has in common: a help that fits a screen and names each option, and completion. */
import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { commandLinePage, commandLinePagePath } from "../../scripts/command-line-page.ts";
import { UsageError } from "../../src/cli/command-error.ts";
import { commands, overview } from "../../src/cli/commands.ts";
import { completionScript } from "../../src/cli/completion/script.ts";

const names = Object.keys(commands);
/** Of a terminal of 80 by 24, whose last row the prompt has. */
const ROWS = 23;
const COLUMNS = 80;

function expectFits(help: string): void {
  const lines = help.trimEnd().split("\n");
  expect(lines.length, help).toBeLessThanOrEqual(ROWS);
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(COLUMNS);
}

describe("help", () => {
  it("lists all commands on one screen", () => {
    expectFits(overview);
    for (const name of names) expect(overview).toMatch(new RegExp(`^ {2}${name} `, "m"));
  });

  it.each(names)("%s: fits a screen, and has each of its options", async (name) => {
    const { help, options } = (await commands[name]?.load()) ?? { help: "", options: {} };
    expectFits(help);
    expect(help).toMatch(new RegExp(`^claude-k8s ${name}: `));
    for (const [option, { short }] of Object.entries(options)) {
      // One that is on unless it is taken away is shown as that.
      expect(help.includes(`--${option}`) || help.includes(`--no-${option}`), option).toBe(true);
      if (short && option !== "help") expect(help).toContain(`-${short}, --${option}`);
    }
  });

  it.each(names)("%s: refuses an option that it does not have", async (name) => {
    const command = await commands[name]?.load();
    await expect(command?.call(["--no-such-option"])).rejects.toBeInstanceOf(UsageError);
  });

  it("stands in docs/command-line.md as it is", async () => {
    expect(readFileSync(commandLinePagePath, "utf8")).toBe(await commandLinePage());
  });
});

describe("completion", () => {
  let folder = "";
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("completes commands, options, words and files in bash", async () => {
    folder = await mkdtemp(join(tmpdir(), "completion-"));
    const file = join(folder, "claude-k8s.bash");
    await writeFile(file, await completionScript("bash", commands));
    const complete = async (...words: string[]): Promise<string[]> => {
      const list = words.map((word) => `'${word}'`).join(" ");
      const script = `source ${file}; COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _claude_k8s; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = await promisify(execFile)("bash", ["-c", script]);
      return stdout.trim().split("\n");
    };
    expect(await complete("claude-k8s", "p")).toEqual(["ps", "policy"]);
    expect(await complete("claude-k8s", "stop", "--al")).toEqual(["--all-places", "--all-instances"]);
    expect(await complete("claude-k8s", "completion", "")).toEqual(["bash", "zsh", "fish", "--help", "-h"]);
    expect(await complete("claude-k8s", "ps", "--kubeconfig", file.slice(0, -2))).toEqual([file]);
  });

  it.each(["zsh", "fish"])("is taken by %s, where there is one", async (shell) => {
    const script = await completionScript(shell, commands);
    for (const name of names) expect(script).toContain(name);
    if (spawnSync(shell, ["--version"]).error) return;
    expect(spawnSync(shell, ["-n"], { input: script }).status).toBe(0);
  });
});
