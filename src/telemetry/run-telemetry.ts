/** Measures one run: its phases, its end, its trace. */
import type { LabelsOf } from "./instruments.ts";
import { PHASES, type Phase } from "./phases.ts";
import type { Meter, Telemetry } from "./telemetry.ts";
import type { Attributes } from "./trace.ts";

export interface RunOutcome {
  readonly verdict: LabelsOf<"claude_k8s.runs">["verdict"];
  /** Null of a run that completed. */
  readonly code: LabelsOf<"claude_k8s.run.failures">["code"] | null;
  /** What failed, in a sentence; null when nothing did. */
  readonly error: string | null;
  readonly attributes: Attributes;
}

export interface RunTelemetry extends Meter {
  /** W3C, of the run's span; null where nobody records it. */
  readonly traceparent: string | null;
  /** The phase begins, and the one before ends. One that lies before is passed already, and changes nothing. */
  enter(phase: Phase): void;
  /** The phase begins again: what came after it was in vain. */
  again(phase: Phase): void;
  /** @param traceparent of the run that started the Job, where its Job says so */
  adopted(from: "earlier_process" | "lost_run", traceparent: string | null): void;
  /** To be called once. */
  end(outcome: RunOutcome): void;
}

/** Milliseconds since 1970 that never step back. */
const monotonicNow = (): number => performance.timeOrigin + performance.now();

/** @param now milliseconds since 1970 that never step back */
export function measureRun(telemetry: Telemetry, attributes: Attributes, now = monotonicNow): RunTelemetry {
  const began = now();
  const trace = telemetry.traceRun({ attributes, at: began });
  let current: { readonly phase: Phase; readonly since: number } = { phase: PHASES[0], since: began };
  telemetry.add("claude_k8s.runs.active", 1, { phase: current.phase });

  const leave = (at: number): void => {
    const { phase, since } = current;
    telemetry.add("claude_k8s.runs.active", -1, { phase });
    telemetry.record("claude_k8s.run.phase.duration", (at - since) / 1000, { phase });
    trace?.phase(phase, since, at);
  };

  const begin = (phase: Phase): void => {
    const at = now();
    leave(at);
    current = { phase, since: at };
    telemetry.add("claude_k8s.runs.active", 1, { phase });
  };

  return {
    add: telemetry.add,
    record: telemetry.record,
    traceparent: trace?.traceparent ?? null,
    enter: (phase) => {
      if (PHASES.indexOf(phase) > PHASES.indexOf(current.phase)) begin(phase);
    },
    again: begin,
    adopted: (from, traceparent) => {
      telemetry.add("claude_k8s.run.adoptions", 1, { from });
      if (traceparent) trace?.link(traceparent, { "claude_k8s.adoption.from": from });
    },
    end: ({ verdict, code, error, attributes: more }) => {
      const at = now();
      leave(at);
      telemetry.add("claude_k8s.runs", 1, { verdict });
      if (code !== null) telemetry.add("claude_k8s.run.failures", 1, { code });
      telemetry.record("claude_k8s.run.duration", (at - began) / 1000, { verdict });
      const typed = { "claude_k8s.verdict": verdict, ...(code === null ? {} : { "error.type": code }) };
      trace?.end({ ...typed, ...more }, error, at);
    },
  };
}
