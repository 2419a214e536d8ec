/** A Paperclip server with nothing in it but the adapter, which executes one run and measures what that costs it. */
import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { ClusterRegistry } from "../../../src/kubernetes/cluster-registry.ts";
import { execute } from "../../../src/run/execute.ts";
import { contextOf, type RunSettings } from "../../cluster/support/context.ts";
import { trustAgents } from "../../support/policy.ts";
import { type Cost, measure } from "./measure.ts";

export interface Attack {
  readonly settings: RunSettings;
  readonly paperclipUrl: string;
  readonly env: NodeJS.ProcessEnv;
  /** What Paperclip has stored of the agent. @default its instructions as the run has them */
  readonly stored?: Readonly<Record<string, unknown>>;
}

export interface Damage extends Cost {
  readonly result: AdapterExecutionResult;
  readonly events: readonly { readonly type: string; readonly message: string }[];
  /** The first characters of what the page got. */
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: number;
}

/** Characters of the page that are kept. */
const KEPT = 100_000;

process.once("message", (attack: Attack) => void run(attack));
process.on("disconnect", () => process.exit());

async function run({ settings, paperclipUrl, env, stored }: Attack): Promise<void> {
  const events: { type: string; message: string }[] = [];
  const page = { stdout: "", stderr: "" };
  let stdoutBytes = 0;
  const ctx = contextOf(settings, {
    signal: new AbortController().signal,
    onLog: (stream, chunk) => {
      if (stream === "stdout") stdoutBytes += chunk.length;
      if (page[stream].length < KEPT) page[stream] += chunk;
      return Promise.resolve();
    },
    onEvent: ({ eventType, message = "" }) => {
      events.push({ type: eventType, message });
      return Promise.resolve();
    },
  });
  const agent: AdapterExecutionContext["agent"] = stored ? { ...ctx.agent, adapterConfig: stored } : ctx.agent;
  const clusters = new ClusterRegistry();
  const { value: result, cost } = await measure(() =>
    execute({ ...ctx, agent }, { env, clusters, readPolicy: trustAgents, paperclipUrl: () => paperclipUrl }),
  );
  const told: Damage = { result, events, stdout: page.stdout, stderr: page.stderr, stdoutBytes, ...cost };
  process.send?.(told);
}
