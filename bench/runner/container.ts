/** The container's command without a cluster: the run's Secret in a folder, and its log read. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { runnerScript, startScript } from "../../src/runner/scripts.generated.ts";
import { RUN_FILES, type RunnerSpec, shellSpec } from "../../src/runner/spec.ts";

export interface Container {
  readonly child: ChildProcess;
  /** All that it wrote to its stdout. */
  readonly output: Promise<string>;
}

/** An agent as the adapter starts it. */
export async function startContainer(folder: string, command: RunnerSpec["command"]): Promise<Container> {
  const secret = await mkdtemp(join(folder, "run-"));
  const spec: RunnerSpec = { command, graceSec: 10, timeoutSec: 0 };
  await Promise.all([
    mkdir(join(secret, "work")),
    writeFile(join(secret, RUN_FILES.start), startScript, { mode: 0o755 }),
    writeFile(join(secret, RUN_FILES.runner), runnerScript),
    writeFile(join(secret, RUN_FILES.spec), JSON.stringify(spec)),
    writeFile(join(secret, RUN_FILES.shellSpec), shellSpec(spec)),
    writeFile(join(secret, RUN_FILES.prompt), "the prompt\n"),
  ]);
  return started("sh", [join(secret, RUN_FILES.start), join(secret, "termination-log"), join(secret, "work")]);
}

/** The same command with a shell before it, with Node and nothing of ours, or with a Node that copies its output as the runner writes. */
export function startReference(by: "shell" | "node" | "copies", command: readonly string[]): Promise<Container> {
  const spawned = (stdio: string): string =>
    `require("child_process").spawn(${JSON.stringify(command[0])}, ${JSON.stringify(command.slice(1))}, { stdio: ${stdio} })`;
  const programs = {
    shell: () => started("sh", ["-c", command.join(" ")]),
    node: () => started(process.execPath, ["-e", spawned(`"inherit"`)]),
    copies: () => {
      const copy = `.stdout.on("data", (bytes) => require("fs").writev(1, [bytes], () => {}))`;
      return started(process.execPath, ["--single-threaded", "-e", spawned(`["ignore", "pipe", "inherit"]`) + copy]);
    },
  };
  return Promise.resolve(programs[by]());
}

function started(program: string, args: readonly string[]): Container {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  return { child, output: text(child.stdout) };
}
