/** Everything that says which version this is. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Semantic Versioning 2.0.0, without build metadata, which npm ignores. */
const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:[0-9A-Za-z-]+)(?:\.[0-9A-Za-z-]+)*))?$/;

export const isVersion = (text: string): boolean => SEMVER.test(text);

/** The dist-tag under which npm offers it: nobody gets a pre-release who did not ask for one. */
export const distTagOf = (version: string): "latest" | "next" => (SEMVER.exec(version)?.[4] ? "next" : "latest");

/** By file; all are to be the same. */
export async function versionsIn(root: string): Promise<Readonly<Record<string, string>>> {
  const json = async (file: string): Promise<Manifest> => JSON.parse(await readFile(join(root, file), "utf8"));
  const [manifest, lock, chart] = await Promise.all([
    json("package.json"),
    json("package-lock.json"),
    readFile(join(root, "deploy/chart/Chart.yaml"), "utf8"),
  ]);
  return {
    "package.json": manifest.version,
    "package-lock.json": lock.version,
    "package-lock.json, packages": lock.packages?.[""]?.version ?? "",
    "deploy/chart/Chart.yaml, version": /^version: (.*)$/m.exec(chart)?.[1] ?? "",
    "deploy/chart/Chart.yaml, appVersion": /^appVersion: (.*)$/m.exec(chart)?.[1] ?? "",
  };
}

interface Manifest {
  readonly version: string;
  readonly packages?: Readonly<Record<string, { readonly version?: string }>>;
}

/** The chart's files are made anew afterwards. */
export async function writeVersion(root: string, version: string): Promise<void> {
  for (const file of ["package.json", "package-lock.json"]) {
    const path = join(root, file);
    const content = JSON.parse(await readFile(path, "utf8"));
    content.version = version;
    if (content.packages) content.packages[""].version = version;
    await writeFile(path, `${JSON.stringify(content, null, 2)}\n`);
  }
}
