/** Writes deploy/dashboards/claude-k8s.json for Grafana 10 or newer. A test holds it in step with its panels. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Panel, ROWS } from "./dashboard/panels.ts";

export const dashboardPath = fileURLToPath(new URL("../deploy/dashboards/claude-k8s.json", import.meta.url));

const DATASOURCE = { type: "prometheus", uid: `\${datasource}` };
/** Of Grafana's grid, which is 24 wide. */
const PANEL = { w: 12, h: 8 };

function panelJson(panel: Panel, id: number, x: number, y: number): object {
  const { title, description, unit, stacked = false, queries } = panel;
  return {
    id,
    type: "timeseries",
    title,
    description,
    datasource: DATASOURCE,
    gridPos: { ...PANEL, x, y },
    fieldConfig: {
      defaults: { unit, min: 0, custom: { fillOpacity: 10, stacking: { mode: stacked ? "normal" : "none" } } },
      overrides: [],
    },
    options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
    })),
  };
}

export function dashboard(): string {
  const panels: object[] = [];
  let y = 0;
  for (const row of ROWS) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: 24, h: 1 },
      panels: [],
    });
    for (const [index, panel] of row.panels.entries()) {
      const left = index % 2 === 0;
      panels.push(panelJson(panel, panels.length + 1, left ? 0 : PANEL.w, y));
      if (!left || index === row.panels.length - 1) y += PANEL.h;
    }
  }
  const whole = {
    uid: "claude-k8s",
    title: "Claude (Kubernetes): runs of Paperclip's agents",
    description:
      "Made by `node scripts/dashboard.ts` of paperclip-adapter-claude-k8s. What each metric is: docs/metrics.md.",
    tags: ["paperclip", "claude-k8s"],
    schemaVersion: 39,
    version: 1,
    editable: true,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    timezone: "browser",
    templating: {
      list: [{ name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus", hide: 0 }],
    },
    annotations: { list: [] },
    panels,
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

if (import.meta.main) await writeFile(dashboardPath, dashboard());
