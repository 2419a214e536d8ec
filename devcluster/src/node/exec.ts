import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import type { ExecProcess, ExecProgram } from "../types.ts";
import type { Launch } from "./container.ts";
import { findProgram, StartError } from "./launch-plan.ts";
import { CONTAINER_VARIABLE } from "./process-tree.ts";

/**
 * Starts a program in a running container: its environment, its working directory, its paths. It ends with the container.
 * Rejects with containerd's words when there is no such program.
 */
export async function startExec(launch: Launch, { command, stdin }: ExecProgram): Promise<ExecProcess> {
  const { env, workingDirectory, translate, enter, id } = launch;
  const [called = "", ...rest] = command;
  const program = await findProgram(translate(called), called, env.PATH ?? "", workingDirectory).catch(notStarted);
  const [first, ...words] = enter([program, ...rest.map(translate)]);
  const child = spawn(first, words, {
    cwd: workingDirectory,
    env: { ...env, [CONTAINER_VARIABLE]: id },
    // bash takes a socket for a remote login, and sources a .bashrc.
    stdio: [stdin ? "pipe" : "ignore", "pipe", "pipe"],
    detached: true,
  });
  const exited = once(child, "close").then(([code, signal]: (number | NodeJS.Signals | null)[]) =>
    typeof code === "number" ? code : 128 + constants.signals[signal as NodeJS.Signals],
  );
  // The client may be gone by then.
  exited.catch(() => undefined);
  child.stdin?.on("error", () => undefined);
  await once(child, "spawn").catch((error: Error) => notStarted(new StartError(`exec: "${called}": ${error.message}`)));
  return { stdin: child.stdin, stdout: child.stdout as Readable, stderr: child.stderr as Readable, exited };
}

function notStarted(error: unknown): never {
  const why = error instanceof StartError ? error.why : String(error);
  const id = randomBytes(32).toString("hex");
  throw new Error(
    `error executing command in container: failed to exec in container: failed to start exec "${id}": ` +
      `OCI runtime exec failed: exec failed: unable to start container process: ${why}`,
  );
}
