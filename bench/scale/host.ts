/** The measured process, as the benchmark sees it. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { RunSettings } from "../../test/cluster/support/context.ts";
import { bundle } from "./bundle.ts";
import { type Child, startChild } from "./child.ts";
import type { FromHost, Measured, ToHost } from "./host/messages.ts";
import type { Place } from "./place.ts";

export interface Host extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when each of them has delivered a line. */
  start(runs: readonly RunSettings[], withinMs: number): Promise<void>;
  begin(): void;
  measure(): Promise<Measured>;
  /** Resolves when the file holds what is on the heap. */
  writeHeap(file: string): Promise<void>;
  /** Resolves when so many runs have ended. */
  ended(count: number): Promise<void>;
  /** Of the runs that have ended. */
  readonly results: readonly AdapterExecutionResult[];
  kill(): Promise<void>;
}

/** @param profile of the process, as V8 writes it */
export async function startHost(place: Place, profile: readonly string[] = []): Promise<Host> {
  const args = ["--expose-gc", ...profile];
  const child: Child<ToHost, FromHost> = startChild(
    await bundle("host/main.ts", place.folder),
    place.paperclipUrl,
    args,
  );
  const results: AdapterExecutionResult[] = [];
  const waiting = new Set<() => void>();
  child.on("result", ({ runId, result }) => {
    place.ended(runId, result);
    results.push(result);
    for (const look of [...waiting]) look();
  });
  await child.next("ready");
  return {
    pid: child.pid,
    results,
    start: async (runs, withinMs) => {
      const speaking = child.next("speaking");
      child.send({ kind: "start", runs, withinMs });
      await speaking;
    },
    begin: () => child.send({ kind: "begin" }),
    measure: async () => {
      const measured = child.next("measured");
      child.send({ kind: "measure" });
      return measured;
    },
    writeHeap: async (file) => {
      const written = child.next("written");
      child.send({ kind: "snapshot", file });
      await written;
    },
    ended: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (results.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    kill: () => child.kill("SIGKILL"),
    [Symbol.asyncDispose]: () => child.kill("SIGTERM"),
  };
}
