/** One run through two processes: the first is killed while the agent works, the second takes its Job over. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { DemoError } from "../demo-error.ts";
import type { DemoEvent } from "../demo-event.ts";
import { LineSplitter } from "../line-splitter.ts";
import { isAgents, Replay } from "./replay.ts";
import { Server } from "./server.ts";

/** Milliseconds without any adapter: long enough to be seen. */
const NOBODY_MS = 2_000;

export async function killAndRestart(
  ctx: AdapterExecutionContext,
  tell: (event: DemoEvent) => void,
): Promise<AdapterExecutionResult> {
  const first = await untilKilled(ctx, tell);
  if (first.kind === "ended") return first.result;
  tell({ event: "progress", text: "nobody watches; Claude Code works on in its pod" });
  await sleep(NOBODY_MS, undefined, { signal: ctx.signal }).catch(() => "the second process cancels the run");
  return await takeOver(ctx, first.lines, tell);
}

type First =
  /** With the agent's lines that it had handed over. */
  | { readonly kind: "killed"; readonly lines: readonly string[] }
  | { readonly kind: "ended"; readonly result: AdapterExecutionResult };

/** Kills the process at the agent's first tool call. A run without one ends as any. */
async function untilKilled(ctx: AdapterExecutionContext, tell: (event: DemoEvent) => void): Promise<First> {
  const lines: string[] = [];
  const calls = Promise.withResolvers<"calls">();
  const splitter = new LineSplitter();
  await using server = new Server(ctx, async (stream, chunk) => {
    await ctx.onLog(stream, chunk);
    if (stream === "stderr") return;
    lines.push(...splitter.push(chunk).filter(isAgents));
    if (lines.at(-1)?.includes('"type":"tool_use"')) calls.resolve("calls");
  });
  const what = await Promise.race([calls.promise, server.result]);
  if (what === null) throw new DemoError("The adapter's first process was killed too early.", "Start the demo again.");
  if (what !== "calls") return { kind: "ended", result: what };
  await server.kill();
  tell({ event: "process", text: `kill -9 ${server.pid}: the process with the adapter is gone. The Job is not.` });
  return { kind: "killed", lines };
}

async function takeOver(
  ctx: AdapterExecutionContext,
  before: readonly string[],
  tell: (event: DemoEvent) => void,
): Promise<AdapterExecutionResult> {
  const replay = new Replay(before);
  const splitter = new LineSplitter();
  const show = async (line: string): Promise<void> => {
    const state = isAgents(line) ? replay.push(line) : "fresh";
    if (state === "fresh") await ctx.onLog("stdout", `${line}\n`);
    if (state === "last")
      tell({
        event: "process",
        text: `the ${before.length} lines of before came again, byte for byte; what follows is new`,
      });
    if (state === "differs")
      throw new DemoError("The second process handed over another line.", "Report this.", [line]);
  };
  await using server = new Server(ctx, async (stream, chunk) => {
    if (stream === "stderr") await ctx.onLog(stream, chunk);
    else for (const line of splitter.push(chunk)) await show(line);
  });
  tell({ event: "process", text: `a new process, ${server.pid}, which remembers nothing` });
  const result = await server.result;
  if (result === null) throw new DemoError("The adapter's second process was killed.", "Start the demo again.");
  return result;
}
