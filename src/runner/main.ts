/**
 * The program inside the pod: starts the agent with its prompt, writes its output to the container's log as frames,
 * passes signals on, and leaves a seal. Run by start.sh as
 *
 *     node RUN_DIRECTORY/runner.mjs TERMINATION_LOG WORKING_DIRECTORY [TRANSCRIPT]
 *
 * It ends with the agent's exit code, 128 + n when signal n ended the agent, 127 or 126 when the program was not found
 * or cannot be run, 125 when the runner itself failed; 0 or 1, by its result, when the agent was ended after that.
 *
 * Where the record is kept by a container of its own, the two halves of it are
 *
 *     node RUN_DIRECTORY/runner.mjs TERMINATION_LOG WORKING_DIRECTORY FOLDER send
 *     node RUN_DIRECTORY/runner.mjs TERMINATION_LOG FOLDER TRANSCRIPT record
 */
// First: what is imported after it is loaded with a handler for SIGTERM in place.
import "./stop-signals.ts";

import { dirname } from "node:path";
import { recordOutput } from "./record-output.ts";
import { Recording } from "./recording.ts";
import { runAgent } from "./run-agent.ts";
import { sendOutput } from "./send-output.ts";

const [, script = "", terminationLog = "", place = "", other, half] = process.argv;
const runDirectory = dirname(script);

if (half === "send") {
  process.exit(await sendOutput({ runDirectory, terminationLog, workingDirectory: place, folder: other ?? "" }));
} else if (half === "record") {
  exit(0, await recordOutput({ runDirectory, terminationLog, folder: place, transcript: other }));
} else {
  const recording = new Recording(terminationLog, other);
  exit(await runAndRecord(recording), recording.hangs);
}

/** A write that hangs would keep process.exit waiting for its thread (measured); start.sh reads the exit code in the seal. */
function exit(exitCode: number, hangs: boolean): void {
  if (hangs) process.kill(process.pid, "SIGKILL");
  process.exit(exitCode);
}

/** Both halves in one process. Resolves with the exit code. */
async function runAndRecord(recording: Recording): Promise<number> {
  const { stdout, stderr, writers } = recording;
  const report = (sentence: string): void => recording.report(sentence);
  const { end, exitCode, bringHome, leaveWorkspace } = await runAgent({
    runDirectory,
    workingDirectory: place,
    openOutput: async () => ({ stdout, stderr, writers, report }),
    report,
    onFreshSession: (fresh) => recording.freshSession(fresh),
  });
  await recording.finish(end, bringHome(), leaveWorkspace());
  return exitCode;
}
