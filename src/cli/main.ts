#!/usr/bin/env node
/** The command line `claude-k8s`. */
import type { Command } from "./command.ts";
import { format } from "./commands/format.ts";
import { manifest } from "./commands/manifest.ts";
import { policy } from "./commands/policy.ts";
import { transcript } from "./commands/transcript.ts";

const commands: Record<string, Command> = { format, transcript, policy, manifest };

const help = `claude-k8s: tools beside the Paperclip adapter "Claude (Kubernetes)"

Usage: claude-k8s COMMAND [options]

Commands:
${Object.entries(commands)
  .map(([name, command]) => `  ${name.padEnd(12)}${command.summary}`)
  .join("\n")}

\`claude-k8s COMMAND --help\` lists the options of a command.
`;

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(help);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    process.stderr.write(`claude-k8s: there is no command "${name}". \`claude-k8s --help\` lists them.\n`);
    return 2;
  }
  return await command.run(rest);
}

// A reader that leaves early (`| head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
process.exitCode = await main(process.argv.slice(2));
