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

/** The same command with a shell before it, or with Node and nothing of ours. */
export function startReference(by: "shell" | "node", command: readonly string[]): Promise<Container> {
  const spawns = `require("child_process").spawn(${JSON.stringify(command[0])}, ${JSON.stringify(command.slice(1))}, { stdio: "inherit" })`;
  return Promise.resolve(
    by === "shell" ? started("sh", ["-c", command.join(" ")]) : started(process.execPath, ["-e", spawns]),
  );
}

function started(program: string, args: readonly string[]): Container {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  return { child, output: text(child.stdout) };
}
