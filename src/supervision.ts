/**
 * Starts the supervisor of Jobs whose Paperclip process is gone, once for this process, whichever copy of the package was
 * loaded last. It holds no more open than the watches of its runs, until it is replaced or the process ends; it does nothing
 * where there is no Paperclip server (in tests, in the demo, on the command line).
 */
import { inPaperclipServer } from "./paperclip/server.ts";
import type { HeldWatches, SupervisorOptions } from "./run/supervise/supervise.ts";

/** Milliseconds. Soon after a restart, so that tasks continue; later one look at each place. */
const FIRST_RECONCILE_MS = 3_000;
const RECONCILE_EVERY_MS = 15_000;

const KEY = Symbol.for("paperclip-adapter-claude-k8s/supervision");

type Options = Omit<SupervisorOptions, "signal" | "watches">;

/** @param options see superviseOnce */
export function keepSupervising(env: NodeJS.ProcessEnv = process.env, options: Options = {}): void {
  const holder = globalThis as { [KEY]?: AbortController };
  holder[KEY]?.abort();
  const stop = new AbortController();
  holder[KEY] = stop;
  const { signal } = stop;
  let watches: HeldWatches | undefined;
  const reconcile = async (): Promise<void> => {
    if (!inPaperclipServer(env)) return;
    const { HeldWatches, superviseOnce } = await import("./run/supervise/supervise.ts");
    watches ??= new HeldWatches(signal);
    await superviseOnce({ ...options, watches, signal });
  };
  schedule(reconcile, signal, FIRST_RECONCILE_MS);
}

function schedule(reconcile: () => Promise<void>, signal: AbortSignal, inMs: number): void {
  const cancel = () => clearTimeout(timer);
  // Jittered, so that two processes that start together do not reconcile together.
  const jitteredMs = inMs * (0.75 + Math.random() / 2);
  const timer = setTimeout(() => {
    // The signal lives as long as the process.
    signal.removeEventListener("abort", cancel);
    void reconcile().catch((error: unknown) =>
      console.warn(`[claude_k8s] ${error instanceof Error ? error.message : error}`),
    );
    // Not after it: a place that does not answer keeps no other waiting.
    if (!signal.aborted) schedule(reconcile, signal, RECONCILE_EVERY_MS);
  }, jitteredMs);
  timer.unref();
  signal.addEventListener("abort", cancel, { once: true });
}
