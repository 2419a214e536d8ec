/** The real Helm on deploy/chart, as an operator uses it. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { helmTools } from "../../../toolchain/helm/tools.ts";
import type { Manifest } from "./kustomize.ts";

export const chartFolder = fileURLToPath(new URL("../../../deploy/chart", import.meta.url));
/** Of the release, in namespace `paperclip` unless a test says otherwise. */
export const RELEASE = "claude-k8s";

const valuesFolder = fileURLToPath(new URL("../values/", import.meta.url));
/** Files of values beside the defaults. */
export const VALUES = ["whole", "together", "everything"] as const;
export const valuesFile = (name: string): string[] => ["--values", join(valuesFolder, `${name}.yaml`)];

const tools = await helmTools();
if (tools === null) console.warn("\n*** SKIPPED: no Helm for this machine; HELM names one ***\n");
export const hasHelm = tools !== null;

export interface Helm {
  /** Its output. Rejects with what it said. */
  run(...args: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/** With a home of its own. @param kubeconfig path; none for what needs no cluster */
export async function helmFor(kubeconfig?: string): Promise<Helm> {
  const home = await mkdtemp(join(tmpdir(), "helm-"));
  const env = { PATH: process.env.PATH ?? "", HOME: home, KUBECONFIG: kubeconfig ?? join(home, "none") };
  return {
    async run(...args) {
      const { stdout } = await promisify(execFile)(tools?.helm ?? "helm", args, { env, maxBuffer: 16 * 1024 * 1024 });
      return stdout;
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

export const template = (helm: Helm, ...args: readonly string[]): Promise<string> =>
  helm.run("template", RELEASE, chartFolder, "--namespace", "paperclip", ...args);

export const objectsIn = (yaml: string): Manifest[] =>
  parseAllDocuments(yaml)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);
