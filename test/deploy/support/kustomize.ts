/** The objects of deploy/kustomize/: as they stand in its files, and as kubectl builds them. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

const deploy = fileURLToPath(new URL("../../../deploy/kustomize/", import.meta.url));

export const FOLDERS = [
  "base",
  "admission",
  "policy",
  "overlays/paperclip-namespace",
  "overlays/extra-egress",
  "overlays/model-gateway",
] as const;

/** What kubectl makes of a folder: YAML. */
export async function built(folder: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.env.KUBECTL ?? "kubectl", ["kustomize", deploy + folder]);
  return stdout;
}

/** Those of one kind. */
export function manifestsIn<T extends Manifest>(yaml: string, kind: T["kind"]): T[] {
  const all: T[] = parseAllDocuments(yaml).map((document) => document.toJS());
  return all.filter((manifest) => manifest.kind === kind);
}

/** The one of that kind in a file of deploy/. */
export async function manifestOf<T extends Manifest>(file: string, kind: T["kind"]): Promise<T> {
  const [found, ...more] = manifestsIn<T>(await readFile(deploy + file, "utf8"), kind);
  if (!found || more.length > 0) throw new Error(`${file} does not have one ${kind}`);
  return found;
}
