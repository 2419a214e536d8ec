/** The adapter in a process of its own, to be killed, or raced against another. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { programOf } from "../../support/program.ts";
import { type RunSettings, SERVER_ENV } from "./context.ts";

export type ToAdapter =
  | { readonly kind: "execute"; readonly settings: RunSettings; readonly paperclipUrl: string }
  | { readonly kind: "cancel"; readonly runId: string; readonly reason: string };

export type FromAdapter =
  | { readonly kind: "ready" }
  | { readonly kind: "log"; readonly runId: string; readonly stream: "stdout" | "stderr"; readonly chunk: string }
  | { readonly kind: "result"; readonly runId: string; readonly result: AdapterExecutionResult };

export interface AdapterProcess {
  /** Rejects when the process ends before the run does. */
  execute(settings: RunSettings, paperclipUrl: string): Promise<AdapterExecutionResult>;
  cancel(runId: string, reason: string): void;
  /** What the agent said on stdout so far, less the adapter's own lines. */
  stdout(runId: string): string;
  /** Resolves when the transcript has that text. */
  said(runId: string, text: string): Promise<void>;
  /** Resolves with the signal that ended the process, null when it ended by itself. */
  kill(signal: NodeJS.Signals): Promise<NodeJS.Signals | null>;
}

const main = new URL("adapter-main.ts", import.meta.url);

/** Variable by which the adapter's process is told the environment that the adapter is to see. */
export const ADAPTER_ENV = "ADAPTER_ENV";

/** @param env what the adapter sees as its process's environment */
export async function startAdapterProcess(env: NodeJS.ProcessEnv = SERVER_ENV): Promise<AdapterProcess> {
  const child = fork(programOf(main), {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, [ADAPTER_ENV]: JSON.stringify(env) },
  });
  const output = new Map<string, string>();
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  exited.catch(() => undefined);
  child.setMaxListeners(1000);
  child.on("message", (message: FromAdapter) => {
    if (message.kind !== "log" || message.stream !== "stdout" || message.chunk.startsWith("[paperclip]")) return;
    output.set(message.runId, (output.get(message.runId) ?? "") + message.chunk);
  });
  await until(child, (message) => (message.kind === "ready" ? true : undefined));
  const stdout = (runId: string): string => output.get(runId) ?? "";
  return {
    execute: (settings, paperclipUrl) => {
      const { runId } = settings;
      const result = until(child, (message) =>
        message.kind === "result" && message.runId === runId ? message.result : undefined,
      );
      child.send({ kind: "execute", settings, paperclipUrl } satisfies ToAdapter, () => undefined);
      return result;
    },
    cancel: (runId, reason) => {
      // A process that was killed meanwhile cannot be told.
      child.send({ kind: "cancel", runId, reason } satisfies ToAdapter, () => undefined);
    },
    stdout,
    said: async (runId, text) => {
      if (!stdout(runId).includes(text)) await until(child, () => stdout(runId).includes(text) || undefined);
    },
    kill: async (signal) => {
      child.kill(signal);
      const [, by] = await exited;
      return by;
    },
  };
}

/** Resolves with the first thing found in a message; rejects when the process ends. */
function until<T>(child: ChildProcess, find: (message: FromAdapter) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const look = (message: FromAdapter): void => {
      const found = find(message);
      if (found === undefined) return;
      child.off("message", look);
      child.off("exit", end);
      resolve(found);
    };
    const end = (): void => reject(new Error("the adapter's process has ended"));
    if (child.exitCode !== null || child.signalCode !== null) return end();
    child.on("message", look);
    child.once("exit", end);
  });
}
