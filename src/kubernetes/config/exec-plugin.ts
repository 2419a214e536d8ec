import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import type { KubeConfig } from "@kubernetes/client-node";

/**
 * How long an exec plugin may take: a minute, as nobody sits before it. The client library waits for ever, as client-go
 * does; all calls to the cluster would wait with it, until Paperclip is restarted.
 */
export const PLUGIN_LIMIT_MS = 60_000;
/** From SIGTERM to SIGKILL. */
const GRACE_MS = 2_000;

/** An exec plugin gave no credential in time. It is ended, where it has not ended yet. */
export class PluginHangs extends Error {
  override readonly name = "PluginHangs";

  constructor(command: string, limitMs: number) {
    super(`the exec plugin ${command} gave no credential within ${limitMs / 1000} s and was given up`);
  }
}

type Start = (command: string, args: readonly string[] | undefined, options: SpawnOptions) => ChildProcess;

/** Has the library start its plugins so that each ends: in its time, and with this process. */
export function boundPlugins(kubeConfig: KubeConfig, limitMs: number): void {
  // No part of the library's types; test/kubernetes/config/exec-plugin.test.ts fails where it is not there any more.
  const { authenticators } = kubeConfig as unknown as { readonly authenticators: readonly { execFn?: Start }[] };
  for (const authenticator of authenticators)
    if (authenticator.execFn)
      authenticator.execFn = (command, args = [], options) => bounded(spawn(command, args, options), command, limitMs);
}

/** Plugins that run. */
const running = new Set<ChildProcess>();

function endAll(): void {
  for (const plugin of running) plugin.kill();
}

function bounded(plugin: ChildProcess, command: string, limitMs: number): ChildProcess {
  // Without one it could not be started, which the library learns by itself.
  if (plugin.pid !== undefined) endsWithProcess(plugin);
  const late = setTimeout(() => {
    // What the library listens to: it need not wait until the plugin is gone.
    plugin.emit("error", new PluginHangs(command, limitMs));
    plugin.emit("close", null);
    plugin.stdout?.destroy();
    plugin.stderr?.destroy();
    plugin.kill();
    setTimeout(() => plugin.kill("SIGKILL"), GRACE_MS).unref();
  }, limitMs).unref();
  // Not at its exit: the library waits for the end of its output, which one that it started may hold open.
  plugin.once("close", () => clearTimeout(late));
  return plugin;
}

function endsWithProcess(plugin: ChildProcess): void {
  if (running.size === 0) process.on("exit", endAll);
  running.add(plugin);
  plugin.once("exit", () => {
    running.delete(plugin);
    if (running.size === 0) process.off("exit", endAll);
  });
}
