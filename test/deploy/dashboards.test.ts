/** deploy/dashboards: made of its panels, read by Grafana's rules, its alerts tried by promtool. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROWS } from "../../scripts/dashboard/panels.ts";
import { dashboard, dashboardPath } from "../../scripts/dashboard.ts";
import type { Instrument } from "../../src/telemetry/instrument.ts";
import { INSTRUMENTS } from "../../src/telemetry/instruments.ts";
import { prometheusName } from "../../src/telemetry/prometheus/metric-name.ts";
import { prometheusVersion, promtool } from "../telemetry/support/prometheus.ts";

const rules = fileURLToPath(new URL("../../deploy/dashboards/rules.yaml", import.meta.url));
const tried = fileURLToPath(new URL("alerts.yaml", import.meta.url));

describe("the dashboard", () => {
  it("is what its panels make", async () => {
    expect(await readFile(dashboardPath, "utf8")).toBe(dashboard());
  });

  it("has panels that overlap nowhere, each with a number of its own", () => {
    const { panels } = JSON.parse(dashboard()) as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
    };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  it("shows each metric that there is", () => {
    const queries = ROWS.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries.map(({ expr }) => expr)));
    const names = (Object.entries(INSTRUMENTS) as [string, Instrument][]).map(([name, instrument]) =>
      prometheusName(name, instrument),
    );
    expect(names.filter((name) => !queries.some((query) => query.includes(name)))).toEqual([]);
  });

  it("names in its legends only labels that its queries keep", () => {
    for (const { expr, legend } of ROWS.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries))) {
      const kept = [...expr.matchAll(/by \(([^)]+)\)/g)].flatMap(([, labels = ""]) => labels.split(/, */));
      for (const [, label = ""] of legend.matchAll(/\{\{(\w+)\}\}/g)) expect(kept, legend).toContain(label);
    }
  });
});

describe.skipIf(!prometheusVersion)("the alert rules", () => {
  it("are rules", async () => {
    expect(await promtool(["check", "rules", "--lint=all", "--lint-fatal", rules])).toMatchObject({ code: 0 });
  });

  it("fire when they should, and are silent else", async () => {
    const { code, out } = await promtool(["test", "rules", tried]);
    expect(code, out).toBe(0);
  });

  it("are each tried both ways", async () => {
    const { groups } = parse(await readFile(rules, "utf8")) as { groups: { rules: { alert: string }[] }[] };
    const { tests } = parse(await readFile(tried, "utf8")) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }[];
    };
    const alerts = groups.flatMap((group) => group.rules.map(({ alert }) => alert)).toSorted();
    const attempts = tests.flatMap((each) => each.alert_rule_test);
    const those = (fires: boolean): string[] =>
      attempts.filter(({ exp_alerts }) => (exp_alerts !== undefined) === fires).map(({ alertname }) => alertname);
    expect([...new Set(those(true))].toSorted()).toEqual(alerts);
    expect([...new Set(those(false))].toSorted()).toEqual(alerts);
  });
});
