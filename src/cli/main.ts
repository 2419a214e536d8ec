#!/usr/bin/env node
/** The command line `claude-k8s`. */
import { runCommand } from "./run-command.ts";

// A reader that leaves early (`| head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
const exitCode = await runCommand(process.argv.slice(2));
// A credential plugin that hangs, or a connection that does not close, would keep the process: all is said, so it ends.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))));
process.exit(exitCode);
