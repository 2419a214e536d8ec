#!/usr/bin/env node
/** The command line `claude-k8s`. */
import { commands, overview } from "./commands.ts";
import { print } from "./output.ts";
import { Interrupted } from "./terminal/interruption.ts";

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    print(overview);
    return name === undefined ? 2 : 0;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!entry) return complain("claude-k8s", `there is no command "${name}". \`claude-k8s --help\` lists them.`, 2);
  try {
    return await (await entry.load()).call(rest);
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    const { failureOf } = await import("./failure.ts");
    const failure = failureOf(error);
    if (!failure) throw error;
    for (const { message, fix } of failure.problems)
      complain(`claude-k8s ${name}`, [message, fix].filter(Boolean).join(" "), failure.exitCode);
    return failure.exitCode;
  }
}

function complain(who: string, sentence: string, exitCode: number): number {
  process.stderr.write(`${who}: ${sentence}\n`);
  return exitCode;
}

// A reader that leaves early (`| head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
process.exitCode = await main(process.argv.slice(2));
