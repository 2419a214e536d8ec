/** Stands for Paperclip's server: a process with the adapter in it, which executes one run and may be killed. */
import { createServerAdapter } from "../../src/index.ts";
import type { FromServer, ToServer } from "./messages.ts";

const cancelled = new AbortController();
const say = async (message: FromServer): Promise<void> => {
  await new Promise<void>((resolve) => process.send?.(message, () => resolve()));
};

// A terminal's Ctrl-C reaches this process too; what is to be done then, the demo says.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(1));
process.on("message", (message: ToServer) => {
  if (message.kind === "cancel") cancelled.abort(new Error(message.reason));
  else void execute(message);
});

async function execute({ run }: Extract<ToServer, { kind: "execute" }>): Promise<void> {
  const result = await createServerAdapter().execute({
    ...run,
    signal: cancelled.signal,
    onCancellationReady: async () => {},
    onLog: (stream, chunk) => say({ kind: "log", stream, chunk }),
    onMeta: async () => {},
    onRuntimeProgress: (update) => void say({ kind: "progress", update }),
  });
  await say({ kind: "result", result });
  process.disconnect();
}
