/** One run through the whole adapter, and how long each phase of its start took. */
import { withDefaults } from "../../src/policy/defaults.ts";
import { execute } from "../../src/run/execute.ts";
import { PHASES } from "../../src/telemetry/phases.ts";
import { processTelemetry } from "../../src/telemetry/process-telemetry.ts";
import { contextOf, type RunSettings, settingsOf } from "../../test/cluster/support/context.ts";
import type { FakePaperclip } from "../../test/cluster/support/paperclip.ts";

export type StartPlace = Pick<RunSettings, "kubeconfig" | "namespace" | "image">;

export interface Start {
  /** Milliseconds by phase; `line` from the agent's printing to the host. */
  readonly phases: Readonly<Record<string, number>>;
  /** Milliseconds from execute() to the first line in the host's hands. */
  readonly total: number;
  /** Calls of the API server until then, by verb and resource. */
  readonly requests: Readonly<Record<string, number>>;
}

const SESSION = "11111111-2222-4333-8444-555555555555";
/** Prints its first line with the time, by the node's clock. */
const AGENT = `cat >/dev/null
printf '{"type":"system","subtype":"init","session_id":"${SESSION}","model":"test","at":%s}\\n' "$(date +%s%3N)"
echo '{"type":"result","subtype":"success","is_error":false,"result":"done","num_turns":1,"session_id":"${SESSION}"}'`;

export async function startRun(place: StartPlace, paperclip: FakePaperclip): Promise<Start> {
  const settings = settingsOf(place, { agent: AGENT });
  paperclip.set(settings.runId, "running");
  const phases: Record<string, number> = {};
  const requests: Record<string, number> = {};
  let total = 0;
  // What a process asks the API server for is counted for all of its runs; here they come one by one.
  const disconnect = processTelemetry.connect({
    add(name, amount, { verb, resource }) {
      if (name !== "claude_k8s.api.requests" || total > 0) return;
      const what = `${verb} ${resource}`;
      requests[what] = (requests[what] ?? 0) + amount;
    },
    record(name, seconds, { phase = "" }) {
      if (name === "claude_k8s.run.phase.duration") phases[phase] = seconds * 1000;
    },
  });
  const began = Date.now();
  const ctx = contextOf(settings, {
    signal: new AbortController().signal,
    onEvent: () => Promise.resolve(),
    onLog: (stream, chunk) => {
      const at = stream === "stdout" && /"at":(\d+)/.exec(chunk)?.[1];
      if (at && total === 0) {
        total = Date.now() - began;
        phases.line = Date.now() - Number(at);
      }
      return Promise.resolve();
    },
  });
  const policy = withDefaults({ trust: "full" }, null, []);
  const result = await execute(ctx, {
    env: {},
    readPolicy: () => Promise.resolve(policy),
    paperclipUrl: () => paperclip.url,
  });
  disconnect();
  if (result.errorCode !== null) throw new Error(result.errorMessage ?? result.errorCode);
  paperclip.ended(settings.runId, result);
  const known = Object.entries(phases).filter(([phase]) => phase === "line" || PHASES.some((each) => each === phase));
  return { phases: Object.fromEntries(known), total, requests };
}
