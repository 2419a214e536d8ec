/**
 * Calls the host back during a run. Every callback of the host may be missing, slow, hang or throw: none of that may end
 * or hold up a run, so nothing here rejects, or waits for long.
 */
import type { AdapterExecutionContext, AdapterInvocationMeta } from "@paperclipai/adapter-utils";

export interface Notice {
  /** Event type, such as `k8s.pod.running`. */
  readonly type: string;
  /** One sentence for people. */
  readonly message: string;
  readonly level?: "info" | "warn" | "error";
  readonly payload?: Readonly<Record<string, unknown>>;
}

export interface Host {
  invocation(meta: AdapterInvocationMeta): Promise<void>;
  /** An event of the run record, and the host's progress line. */
  notice(notice: Notice): Promise<void>;
  /** What the agent is doing now: the tool that it calls, the beginning of what it writes. */
  activity(activity: { readonly tool: string | null; readonly text: string | null }): Promise<void>;
  /** A line of the adapter's own in the transcript: few, and marked as such. */
  status(message: string): Promise<void>;
  /** The agent's work begins outside of the host. */
  dispatched(): void;
  /** Failures of the host's callbacks so far, each kind once. */
  readonly faults: readonly string[];
}

type Callbacks = Pick<AdapterExecutionContext, "onMeta" | "onEvent" | "onRuntimeProgress" | "onDispatch" | "onLog">;

/** Milliseconds that a callback is waited for: the first time, and again while an earlier call of it has not come back. */
export interface HostPatience {
  /** @default 15000 */
  readonly firstMs: number;
  /** @default 1000 */
  readonly againMs: number;
}

export function createHost(ctx: Callbacks, patience: HostPatience = { firstMs: 15_000, againMs: 1000 }): Host {
  const faults = new Map<string, string>();
  const hanging = new Set<string>();
  const fault = (name: string, message: string): void => {
    if (!faults.has(name)) faults.set(name, `${name} ${message}`);
  };
  const guard = async (name: string, call: () => unknown): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    try {
      const called = Promise.resolve(call());
      const ms = hanging.has(name) ? patience.againMs : patience.firstMs;
      const late = new Promise<true>((resolve) => {
        timer = setTimeout(resolve, ms, true);
      });
      if (!(await Promise.race([called.then(() => false), late]))) return;
      hanging.add(name);
      const back = () => hanging.delete(name);
      called.then(back, back);
      fault(name, "did not settle in time");
    } catch (error) {
      fault(name, `failed: ${error instanceof Error ? error.message : error}`);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    invocation: (meta) => guard("onMeta", () => ctx.onMeta?.(meta)),
    notice: async ({ type, message, level = "info", payload }) => {
      await guard("onEvent", () =>
        ctx.onEvent?.({ eventType: type, stream: "system", level, message, payload: { ...payload } }),
      );
      await guard("onRuntimeProgress", () => ctx.onRuntimeProgress?.({ phase: "adapter_startup", message }));
    },
    activity: ({ tool, text }) =>
      guard("onRuntimeProgress", () => {
        const message = tool ? `Using ${tool}` : (text ?? "");
        // The only phase of Paperclip's that is not about moving files (2026.916.1); no page shows it.
        return ctx.onRuntimeProgress?.({
          phase: "adapter_startup",
          message,
          currentToolName: tool,
          lastAssistantSnippet: text,
        });
      }),
    status: (message) => guard("onLog", () => ctx.onLog("stdout", `[paperclip] ${message}\n`)),
    dispatched: () => {
      try {
        ctx.onDispatch?.();
      } catch (error) {
        faults.set("onDispatch", `onDispatch failed: ${error instanceof Error ? error.message : error}`);
      }
    },
    get faults() {
      return [...faults.values()];
    },
  };
}
