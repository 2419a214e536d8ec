/** The table of instruments keeps to the conventions of OpenTelemetry and Prometheus, and to few series. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Instrument, knownLabels } from "../../src/telemetry/instrument.ts";
import { INSTRUMENTS } from "../../src/telemetry/instruments.ts";
import { prometheusName } from "../../src/telemetry/prometheus/metric-name.ts";

const all = Object.entries(INSTRUMENTS) as [string, Instrument][];

describe("the table of instruments", () => {
  it.each(all)("%s has a name, a unit and a sentence", (name, instrument) => {
    expect(name).toMatch(/^claude_k8s(\.[a-z]+(_[a-z]+)*)+$/);
    expect(instrument.unit).toMatch(/^(s|By|USD|\{[a-z]+\})$/);
    expect(instrument.description).toMatch(/^[A-Z].*\.$/);
    for (const label of Object.keys(instrument.labels)) {
      expect(label).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(label, "no label may name one of many").not.toMatch(/run|agent|task|company|job|pod|node|_id$/);
    }
    if (instrument.kind === "histogram")
      expect(instrument.buckets).toEqual([...instrument.buckets].sort((a, b) => a - b));
  });

  it("makes each name once for Prometheus too", () => {
    const names = all.map(([name, instrument]) => prometheusName(name, instrument));
    expect(new Set(names).size).toBe(names.length);
  });

  it("has less than 1,000 series whose labels are known", () => {
    const series = all.map(([, instrument]) => {
      const known = knownLabels(instrument.labels)?.length ?? 0;
      return instrument.kind === "histogram" ? known * (instrument.buckets.length + 3) : known;
    });
    expect(series.reduce((sum, count) => sum + count, 0)).toBeLessThan(1000);
  });
});

describe("a name for Prometheus", () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  const name = fc.array(
    fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join("_")),
    {
      minLength: 1,
      maxLength: 4,
    },
  );

  it("is one, with its unit once and `_total` for what only grows", () => {
    fc.assert(
      fc.property(
        name.map((parts) => `x.${parts.join(".")}`),
        fc.constantFrom("counter", "updown", "histogram"),
        fc.constantFrom(["s", "seconds"], ["By", "bytes"], ["{run}", null]),
        (dotted, kind, [unit, suffix]) => {
          const made = prometheusName(dotted, { kind, unit: unit ?? "" });
          expect(made).toMatch(/^[a-zA-Z_][a-zA-Z0-9_]*$/);
          expect(made.startsWith(dotted.replaceAll(".", "_"))).toBe(true);
          expect(made.endsWith("_total")).toBe(kind === "counter" || (suffix === null && dotted.endsWith("total")));
          const measured = kind === "counter" ? made.slice(0, -"_total".length) : made;
          if (suffix) expect(measured.endsWith(`_${suffix}`)).toBe(true);
          if (suffix) expect(measured.endsWith(`_${suffix}_${suffix}`)).toBe(dotted.endsWith(`${suffix}.${suffix}`));
        },
      ),
    );
  });

  it.each([
    ["claude_k8s.run.duration", "histogram", "s", "claude_k8s_run_duration_seconds"],
    ["claude_k8s.transcript.size", "counter", "By", "claude_k8s_transcript_size_bytes_total"],
    ["claude_k8s.runs.active", "updown", "{run}", "claude_k8s_runs_active"],
    ["x.io_bytes", "counter", "By", "x_io_bytes_total"],
  ] as const)("%s, a %s in %s, is %s", (dotted, kind, unit, expected) => {
    expect(prometheusName(dotted, { kind, unit })).toBe(expected);
  });
});
