/** `claude-k8s` as an operator runs it: the real command line as the package has it, each command a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { leastEnvironment, programOf } from "../../support/program.ts";
import type { Answered } from "./many-commands.ts";

export interface CliOptions {
  /** Beside PATH, and homes that are empty. */
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

export interface RunningCommand {
  /** Resolves when its stdout has that; rejects when it ends without. */
  said(words: RegExp): Promise<void>;
  signal(name: NodeJS.Signals): void;
  readonly answer: Promise<Answer>;
}

export interface Cli {
  /** Empty, and the home of the operator and of Paperclip where a test says nothing else. */
  readonly home: string;
  /** Its program, for Node. */
  readonly program: string;
  run(args: readonly string[], options?: CliOptions): Promise<Answer>;
  start(args: readonly string[], options?: CliOptions): RunningCommand;
  /** Side by side in one process, in an environment that all have. */
  together(all: readonly (readonly string[])[], env: NodeJS.ProcessEnv): Promise<readonly Answered[]>;
  json<T>(args: readonly string[], options?: CliOptions): Promise<T>;
}

/** In a folder of the file's own. */
export function useCli(set: (cli: Cli) => void): void {
  let folder = "";
  const running = new Set<ChildProcess>();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "claude-k8s-cli-"));
    const home = join(folder, "home");
    await mkdir(home);
    set(cliOf(home, running));
  });
  afterAll(async () => {
    for (const child of running) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });
}

const program = programOf(new URL("../../../src/cli/main.ts", import.meta.url));
const many = programOf(new URL("many-commands.ts", import.meta.url));

function cliOf(home: string, running: Set<ChildProcess>): Cli {
  const startProgram = (script: string, args: readonly string[], { env = {}, input = "" }: CliOptions) => {
    const homes = { HOME: home, PAPERCLIP_HOME: home };
    const own = { ...leastEnvironment, ...homes, PAPERCLIP_API_URL: "http://127.0.0.1:1" };
    const child = spawn(process.execPath, [script, ...args], { env: { ...own, ...env }, stdio: "pipe" });
    running.add(child);
    const out = { stdout: "", stderr: "" };
    const listeners = new Set<() => void>();
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => {
        out[name] += text;
        for (const listener of [...listeners]) listener();
      });
    child.stdin.on("error", () => {}).end(input);
    const answer = (once(child, "close") as Promise<[number | null]>).then(([exitCode]) => {
      running.delete(child);
      return { ...out, exitCode };
    });
    return {
      answer,
      signal: (name: NodeJS.Signals) => void child.kill(name),
      said: (words: RegExp) =>
        new Promise<void>((resolve, reject) => {
          const look = (): void => {
            if (!words.test(out.stdout)) return;
            listeners.delete(look);
            resolve();
          };
          listeners.add(look);
          look();
          void answer.then((ended) => reject(new Error(`it ended without ${words}: ${JSON.stringify(ended)}`)));
        }),
    };
  };
  const start: Cli["start"] = (args, options = {}) => startProgram(program, args, options);
  const run: Cli["run"] = (args, options) => start(args, options).answer;
  return {
    home,
    program,
    start,
    run,
    together: async (all, env) => {
      const { stdout, stderr } = await startProgram(many, [JSON.stringify(all)], { env }).answer;
      if (stderr !== "") throw new Error(stderr);
      return JSON.parse(stdout);
    },
    json: async (args, options) => {
      const { stdout, stderr } = await run([...args, "--json"], options);
      try {
        return JSON.parse(stdout);
      } catch {
        throw new Error(`no JSON: ${stdout}${stderr}`);
      }
    },
  };
}
