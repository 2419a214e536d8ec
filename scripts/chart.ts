/** Writes the generated files of deploy/chart. A test holds them in step with what they are made from. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { neededRights, optionalRights } from "../src/kubernetes/needed-rights.ts";
import { chartPage } from "./chart/page.ts";
import { valuesSchema } from "./chart/schema.ts";
import { readValues } from "./chart/values.ts";
import { rulesOf } from "./role.ts";

const root = new URL("../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

/** Objects of the kustomizations that a template changes where the values say so: in the chart, since Helm reads no others. */
const COPIES = {
  "network.yaml": "base/network.yaml",
  "admission-jobs.yaml": "admission/jobs.yaml",
  "admission-secrets.yaml": "admission/secrets.yaml",
} as const;

const made = (from: string): string => `# Made by \`node scripts/chart.ts\` from ${from}; do not edit.\n`;

function chartYaml(): string {
  const { version, name, license } = JSON.parse(read("package.json")) as Record<string, string>;
  const chart = {
    apiVersion: "v2",
    name,
    description:
      "Claude Code agents of Paperclip as Kubernetes Jobs: rights, walls and policy for a Paperclip in the cluster",
    type: "application",
    version,
    appVersion: version,
    // What the pods need: docs/support.md.
    kubeVersion: ">=1.29.0-0",
    annotations: { "artifacthub.io/license": license },
  };
  return made("package.json") + stringify(chart, { lineWidth: 0 });
}

function rights(): string {
  const optional = Object.entries(optionalRights).map(([name, rights]) => `  ${name}:\n${indented(rulesOf(rights))}`);
  return [
    `${made("src/kubernetes/needed-rights.ts")}needed:`,
    ...rulesOf(neededRights).map((line) => `  ${line}`),
    "optional:",
    ...optional,
    "",
  ].join("\n");
}

const indented = (lines: readonly string[]): string => lines.map((line) => `    ${line}`).join("\n");

/** Each file's path, and what stands in it. */
export function chartFiles(): Readonly<Record<string, string>> {
  const values = readValues(read("deploy/chart/values.yaml"));
  const copies = Object.entries(COPIES).map(([name, source]) => [
    `files/${name}`,
    made(`deploy/kustomize/${source}`) + read(`deploy/kustomize/${source}`),
  ]);
  const files = {
    "Chart.yaml": chartYaml(),
    "README.md": chartPage(values),
    "values.schema.json": `${JSON.stringify(valuesSchema(values), null, 2)}\n`,
    "files/rights.yaml": rights(),
    ...(Object.fromEntries(copies) as Record<string, string>),
  };
  const path = (name: string): string => fileURLToPath(new URL(`deploy/chart/${name}`, root));
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [path(name), text]));
}

if (import.meta.main) for (const [path, text] of Object.entries(chartFiles())) await writeFile(path, text);
