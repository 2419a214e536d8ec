import { expect, it } from "vitest";
import { growthOf } from "../../bench/scale/figures/growth.ts";

const RUNS = [1, 10, 100, 300, 1000, 2000];

it.each([0.5, 1, 1.3, 2])("the exponent of growth that is runs ** %d beside a fixed part", (exponent) => {
  const growth = growthOf(RUNS.map((runs) => ({ runs, value: 150 + 0.25 * runs ** exponent })));
  expect(growth.exponent).toBeCloseTo(exponent, 1);
  expect(growth.fixed).toBeCloseTo(150, 0);
  expect(growth.deviation).toBeLessThan(0.01);
});

it("points that lie off the curve are said to", () => {
  const noise = [1.1, 0.9, 1.05, 0.95, 1.1, 0.9];
  const { exponent, deviation } = growthOf(
    RUNS.map((runs, at) => ({ runs, value: (3 + 0.4 * runs) * (noise[at] ?? 1) })),
  );
  expect(exponent).toBeGreaterThan(0.9);
  expect(exponent).toBeLessThan(1.1);
  expect(deviation).toBeGreaterThan(0.05);
});
