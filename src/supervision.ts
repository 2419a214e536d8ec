/**
 * Starts the supervisor of Jobs whose Paperclip process is gone, once for this process, whichever copy of the package was
 * loaded last. It holds nothing open, so it ends with the process; it does nothing where there is no Paperclip server
 * (in tests, in the demo, on the command line).
 */
import { inPaperclipServer } from "./paperclip/server.ts";

/** Milliseconds. Soon after a restart, so that tasks continue; later one list for each place. */
const FIRST_RECONCILE_MS = 3_000;
const RECONCILE_EVERY_MS = 15_000;

const KEY = Symbol.for("paperclip-adapter-claude-k8s/supervision");

export function keepSupervising(env: NodeJS.ProcessEnv = process.env): void {
  const holder = globalThis as { [KEY]?: AbortController };
  holder[KEY]?.abort();
  const stop = new AbortController();
  holder[KEY] = stop;
  schedule(env, stop.signal, FIRST_RECONCILE_MS);
}

function schedule(env: NodeJS.ProcessEnv, signal: AbortSignal, inMs: number): void {
  const cancel = () => clearTimeout(timer);
  const timer = setTimeout(() => {
    // The signal lives as long as the process.
    signal.removeEventListener("abort", cancel);
    void reconcileOnce(env, signal).catch((error: unknown) =>
      console.warn(`[claude_k8s] ${error instanceof Error ? error.message : error}`),
    );
    // Not after it: a place that does not answer keeps no other waiting. Jittered, so that two processes that start together
    // do not reconcile together.
    if (!signal.aborted) schedule(env, signal, RECONCILE_EVERY_MS * (0.75 + Math.random() / 2));
  }, inMs);
  timer.unref();
  signal.addEventListener("abort", cancel, { once: true });
}

async function reconcileOnce(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  if (!inPaperclipServer(env)) return;
  const { superviseOnce } = await import("./run/supervise/supervise.ts");
  await superviseOnce({ signal });
}
