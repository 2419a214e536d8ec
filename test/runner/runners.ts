import { execFileSync } from "node:child_process";
import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { isLong } from "../support/thoroughness.ts";

/** One way to run start.sh: a shell, and the programs that the pod has. */
export interface RunnerUnderTest {
  readonly name: string;
  /** `node` frames the log, `sh` does not. */
  readonly kind: "node" | "sh";
  /** The shell and its options, before the script. */
  readonly shell: readonly string[];
  /** All that is on the pod's PATH: names and where they really are. */
  readonly programs: { readonly [name: string]: string };
}

/** What start.sh and the agents of these tests use, beside a shell's own commands. */
const TOOLS = ["cat", "dd", "head", "mkdir", "mkfifo", "rm", "sh", "sleep", "tail", "tr", "yes"];

/**
 * The runner on every Node found here, and its sh twin under every shell found. In the short form on the Node of the
 * tests, and under busybox, which has the least of a shell.
 */
export const nodeRunners: readonly RunnerUnderTest[] = nodes().map((node) => ({
  name: `node ${execFileSync(node, ["--version"], { encoding: "utf8" }).trim()}`,
  kind: "node",
  shell: [found("sh") ?? "/bin/sh"],
  programs: { ...tools(), node },
}));

export const shRunners: readonly RunnerUnderTest[] = lastOrAll([
  ...shell("dash", (dash) => ({ shell: [dash], programs: tools() })),
  ...shell("bash", (bash) => ({ shell: [bash, "--posix"], programs: tools() })),
  ...shell("busybox", (busybox) => ({
    shell: [busybox, "sh"],
    programs: Object.fromEntries(TOOLS.map((tool) => [tool, busybox])),
  })),
]);

export const runners: readonly RunnerUnderTest[] = [...nodeRunners, ...shRunners];

/** What to put before a command so that it is process 1 of a PID namespace; nothing where this is not permitted. */
export const pidNamespace: readonly string[] = namespace();

function namespace(): string[] {
  const command = [found("unshare") ?? "", "--pid", "--fork", "--kill-child"];
  try {
    execFileSync(command[0] as string, [...command.slice(1), "true"], { stdio: "ignore" });
    return command;
  } catch {
    process.stderr.write("\n*** no PID namespace is permitted here: no runner is tested as process 1 ***\n\n");
    return [];
  }
}

function lastOrAll(shells: readonly RunnerUnderTest[]): readonly RunnerUnderTest[] {
  return isLong ? shells : shells.slice(-1);
}

function shell(name: string, make: (path: string) => Pick<RunnerUnderTest, "shell" | "programs">): RunnerUnderTest[] {
  const path = found(name);
  if (path) return [{ name, kind: "sh", ...make(path) }];
  process.stderr.write(`\n*** SKIPPED: the sh runner is not tested under ${name}, which is not installed ***\n\n`);
  return [];
}

function tools(): Record<string, string> {
  return Object.fromEntries(
    TOOLS.map((tool) => {
      const path = found(tool);
      if (!path) throw new Error(`these tests need ${tool}`);
      return [tool, path];
    }),
  );
}

/** This Node, and any other on PATH that is another program. */
function nodes(): string[] {
  if (!isLong) return [realpathSync(process.execPath)];
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "node"));
  return [...new Set([process.execPath, ...onPath.filter(runnable)].map((path) => realpathSync(path)))];
}

function found(program: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find(runnable);
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
