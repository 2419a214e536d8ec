/**
 * Several commands of `claude-k8s` in one process, side by side: for a large table a process each would cost more than all
 * that they do. Its argument is a JSON list of their arguments; it prints a JSON list of `Answered`.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { runCommand } from "../../../src/cli/run-command.ts";

export interface Answered {
  readonly stdout: string;
  readonly stderr: string;
  /** Null: it threw what nobody had foreseen; stderr has the stack. */
  readonly exitCode: number | null;
  readonly ms: number;
}

const current = new AsyncLocalStorage<{ stdout: string; stderr: string }>();
const print = process.stdout.write.bind(process.stdout);
for (const name of ["stdout", "stderr"] as const)
  process[name].write = (chunk: string | Uint8Array): boolean => {
    const out = current.getStore();
    if (!out) throw new Error(`a command writes outside of its own context: ${chunk.toString()}`);
    out[name] += chunk.toString();
    return true;
  };
process.setMaxListeners(0);

async function answer(args: readonly string[]): Promise<Answered> {
  const began = performance.now();
  const out = { stdout: "", stderr: "" };
  const exitCode = await current
    .run(out, () => runCommand(args))
    .catch((error: Error) => {
      out.stderr += error.stack;
      return null;
    });
  return { ...out, exitCode, ms: performance.now() - began };
}

const all = JSON.parse(process.argv[2] ?? "[]") as readonly (readonly string[])[];
const answers = await Promise.all(all.map(answer));
print(JSON.stringify(answers), () => process.exit(0));
