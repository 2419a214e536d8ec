import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PHASES, type Phase } from "../../src/telemetry/phases.ts";
import { measureRun } from "../../src/telemetry/run-telemetry.ts";
import { createTelemetry, type MetricSink } from "../../src/telemetry/telemetry.ts";

interface Told {
  readonly name: string;
  readonly amount: number;
  readonly labels: Readonly<Record<string, string>>;
}

function listener(): { readonly sink: MetricSink; readonly told: Told[] } {
  const told: Told[] = [];
  const take = (name: string, amount: number, labels: Readonly<Record<string, string>>): void => {
    told.push({ name, amount, labels });
  };
  return { told, sink: { add: take, record: take } };
}

const OUTCOME = { verdict: "completed", code: null, error: null, attributes: {} } as const;

describe("a run that is measured", () => {
  it("spends all of its time in phases, each once and in order, whatever it is told", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom(...PHASES), fc.nat(100_000)), { maxLength: 30 });
    fc.assert(
      fc.property(steps, fc.nat(1000), (entered, last) => {
        const { sink, told } = listener();
        let now = 1_000_000;
        const run = measureRun(createTelemetry(undefined, [sink]), {}, () => now);
        for (const [phase, ms] of entered) {
          now += ms;
          run.enter(phase);
        }
        now += last;
        run.end(OUTCOME);
        const spent = told.filter(({ name }) => name === "claude_k8s.run.phase.duration");
        const order = spent.map(({ labels }) => PHASES.indexOf(labels.phase as Phase));
        expect(order).toEqual([...new Set(order)].toSorted((a, b) => a - b));
        const sum = spent.reduce((all, { amount }) => all + amount, 0);
        expect(sum).toBeCloseTo((now - 1_000_000) / 1000, 6);
        const living = told.filter(({ name }) => name === "claude_k8s.runs.active");
        for (const phase of PHASES)
          expect(
            living.filter(({ labels }) => labels.phase === phase).reduce((all, { amount }) => all + amount, 0),
          ).toBe(0);
      }),
    );
  });

  it("is traced with the same phases, and its end", () => {
    const spans: unknown[] = [];
    let now = 5_000;
    const telemetry = createTelemetry(({ at, attributes }) => {
      spans.push({ began: at, attributes });
      return {
        traceparent: "00-x",
        phase: (name, from, to) => spans.push({ name, from, to }),
        link: (...link) => spans.push({ link }),
        end: (...end) => spans.push({ end }),
      };
    });
    const run = measureRun(telemetry, { "paperclip.run.id": "r" }, () => now);
    expect(run.traceparent).toBe("00-x");
    now = 6_000;
    run.adopted("lost_run", "00-y");
    run.enter("agent");
    now = 9_000;
    run.end({ verdict: "timeout", code: "timeout", error: "It took too long.", attributes: { "k8s.job.name": "j" } });
    expect(spans).toEqual([
      { began: 5_000, attributes: { "paperclip.run.id": "r" } },
      { link: ["00-y", { "claude_k8s.adoption.from": "lost_run" }] },
      { name: "prepare", from: 5_000, to: 6_000 },
      { name: "agent", from: 6_000, to: 9_000 },
      {
        end: [
          { "claude_k8s.verdict": "timeout", "error.type": "timeout", "k8s.job.name": "j" },
          "It took too long.",
          9_000,
        ],
      },
    ]);
  });

  it("goes on when whoever counts or traces throws, and others still count", () => {
    const { sink, told } = listener();
    const fails = (): never => {
      throw new Error("the SDK is broken");
    };
    const telemetry = createTelemetry(
      () => ({ traceparent: null, phase: fails, link: fails, end: fails }),
      [{ add: fails, record: fails }, sink],
    );
    const run = measureRun(telemetry, {});
    run.enter("claim");
    run.adopted("lost_run", "00-y");
    run.end(OUTCOME);
    expect(told.map(({ name }) => name)).toContain("claude_k8s.runs");
    expect(measureRun(createTelemetry(fails), {}).traceparent).toBeNull();
  });

  it("is counted by who is connected, from then on and until he leaves", () => {
    const { sink, told } = listener();
    const telemetry = createTelemetry();
    telemetry.add("claude_k8s.runs", 1, { verdict: "completed" });
    const leave = telemetry.connect(sink);
    telemetry.add("claude_k8s.runs", 2, { verdict: "completed" });
    leave();
    telemetry.add("claude_k8s.runs", 3, { verdict: "completed" });
    expect(told.map(({ amount }) => amount)).toEqual([2]);
  });
});
