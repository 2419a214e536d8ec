import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { environmentScript } from "../../../src/run/plan/environment-script.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { input, podOf, secretOf } from "../support/plan-input.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "token-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("what the agent's shell reads before each command", () => {
  it.each(["dash", "bash"])("%s: the agent's own file, then the newest token; nothing where there is none", (shell) => {
    const own = join(folder, "it's mine.sh");
    const script = join(folder, "environment.sh");
    writeFileSync(script, environmentScript({ own, makes: null, programs: null }).content);
    const read = () =>
      execFileSync(shell, ["-euc", `. "${script}"; echo "$WHO \${OWN:-}"`], {
        env: { WHO: "started", CLAUDE_K8S_TAKE_OVERS: folder },
        encoding: "utf8",
        // bash takes a socket for a remote shell, and reads its own files then.
        stdio: ["ignore", "pipe", "inherit"],
      });
    rmSync(own, { force: true });
    rmSync(join(folder, "1.sh"), { force: true });
    expect(read()).toBe("started \n");
    writeFileSync(own, "export OWN=own WHO=own\n");
    expect(read()).toBe("own own\n");
    writeFileSync(join(folder, "1.sh"), "export WHO=first\n");
    expect(read()).toBe("first own\n");
    writeFileSync(join(folder, "2.sh"), "export WHO=second\n");
    expect(read()).toBe("second own\n");
    rmSync(join(folder, "2.sh"));
  });

  it.each(["dash", "bash"])("%s: makes the agent's own folder once, and goes on where it cannot", (shell) => {
    const script = join(folder, "environment.sh");
    const makes = join(folder, "it's mine/too");
    const run = (path: string): string => {
      writeFileSync(script, environmentScript({ own: undefined, makes: path, programs: null }).content);
      const env = { CLAUDE_K8S_TAKE_OVERS: join(folder, "none"), PATH: process.env.PATH ?? "" };
      const stdio = ["ignore", "pipe", "inherit"] as ["ignore", "pipe", "inherit"];
      return execFileSync(shell, ["-euc", `. "${script}"; echo on`], { env, encoding: "utf8", stdio });
    };
    expect([run(makes), run(makes), run("/proc/none/such")]).toEqual(["on\n", "on\n", "on\n"]);
    expect(existsSync(makes)).toBe(true);
    rmSync(join(folder, "it's mine"), { recursive: true });
  });

  it("puts programs that lie beside it before all others", () => {
    const script = join(folder, "environment.sh");
    writeFileSync(script, environmentScript({ own: undefined, makes: null, programs: "bin" }).content);
    const path = execFileSync("/bin/sh", ["-euc", `. "${script}"; echo "$PATH"`], {
      env: { PATH: "/usr/bin:/bin", CLAUDE_ENV_FILE: script, CLAUDE_K8S_TAKE_OVERS: folder },
      encoding: "utf8",
    });
    expect(path).toBe(`${folder}/bin:/usr/bin:/bin\n`);
  });

  it("is named to Claude Code by us alone, and a file that the agent configured is part of it", () => {
    const plan = planRun(input({ config: { env: { CLAUDE_ENV_FILE: "/paperclip/mine.sh" } } }));
    const named = podOf(plan).containers[0]?.env?.filter(({ name }) => name === "CLAUDE_ENV_FILE");
    expect(named).toEqual([{ name: "CLAUDE_ENV_FILE", value: "/run/claude-k8s/environment.sh" }]);
    expect(secretOf(plan)["environment.sh"]).toContain(". '/paperclip/mine.sh'");
  });
});
