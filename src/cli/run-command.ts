/** One call of the command line, from its arguments to its exit code. */
import { commands, overview } from "./commands.ts";
import type { Failure } from "./failure.ts";
import { print, printJsonLine } from "./output.ts";
import { Interrupted } from "./terminal/interruption.ts";

/** Rejects with what nobody has foreseen: its stack is what helps. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    print(overview);
    return name === undefined ? 2 : 0;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const json = rest.includes("--json");
  if (!entry) return complain("claude-k8s", `there is no command "${name}". \`claude-k8s --help\` lists them.`, 2);
  try {
    return await (await entry.load()).call(rest);
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    const { failureOf } = await import("./failure.ts");
    const failure = failureOf(error);
    if (json) printJsonLine(failureInJson(error, failure));
    if (!failure) throw error;
    for (const { message, fix } of failure.problems)
      complain(`claude-k8s ${name}`, [message, fix].filter(Boolean).join(" "), failure.exitCode);
    return failure.exitCode;
  }
}

/** On stdout, where the answer would be; stderr has the sentences all the same. */
const failureInJson = (error: unknown, failure: Failure | null) => ({
  error: {
    problems: failure?.problems.map(({ message, fix }) => ({ message, fix: fix || null })) ?? [
      { message: error instanceof Error ? error.message : String(error), fix: null },
    ],
    exitCode: failure?.exitCode ?? 1,
  },
});

function complain(who: string, sentence: string, exitCode: number): number {
  process.stderr.write(`${who}: ${sentence}\n`);
  return exitCode;
}
