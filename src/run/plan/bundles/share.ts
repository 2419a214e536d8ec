/** Which of a run's files it shares with other runs of its company, and by which bundles. */
import { createHash } from "node:crypto";
import { ConfigError } from "../../../config/config-error.ts";
import type { Installation } from "../../../paperclip/installation.ts";
import { bundleName } from "../../shared/names.ts";
import { keyed, type Layer, MAX_SECRET_BYTES, type RunFile, type SecretContent } from "../secret.ts";
import type { Bundle } from "./bundle.ts";

/** Bytes below which a layer stays in the run's own Secret: two objects and their requests would be dearer. */
const LEAST_BYTES = 4096;

const LAYERS: readonly Layer[] = ["runner", "authorities", "instructions", "skills"];

export interface Shared {
  readonly own: readonly RunFile[];
  readonly bundles: readonly Bundle[];
}

/**
 * Throws ConfigError for a file that is larger than a Secret.
 *
 * @param installation whose secret makes the names: who does not have it cannot tell from one what a company has
 */
export function share(files: readonly RunFile[], installation: Installation, companyId: string): Shared {
  const layers = LAYERS.map((layer) => files.filter((file) => file.layer === layer));
  const shared = layers.filter((layer) => bytesOf(layer) >= LEAST_BYTES);
  const taken = new Set(shared.flat());
  const bundles = shared.flatMap(parts).map((part) => bundleOf(keyed(part), installation, companyId));
  // The same content twice, as of two agents' files under other names, is mounted twice.
  return { own: files.filter((file) => !taken.has(file)), bundles };
}

const bytesOf = (files: readonly RunFile[]): number =>
  files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);

/** As few as hold them in this order. */
function parts(files: readonly RunFile[]): RunFile[][] {
  const all: RunFile[][] = [];
  let room = 0;
  for (const file of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const bytes = Buffer.byteLength(file.content);
    if (bytes > MAX_SECRET_BYTES) throw tooLarge(file.path, bytes);
    // The first may be empty.
    if (all.length === 0 || bytes > room) {
      all.push([]);
      room = MAX_SECRET_BYTES;
    }
    all.at(-1)?.push(file);
    room -= bytes;
  }
  return all;
}

function tooLarge(field: string, bytes: number): ConfigError {
  const problem = `is too large: it has ${bytes} bytes, where a Secret of Kubernetes takes at most ${MAX_SECRET_BYTES}`;
  return new ConfigError(
    [{ field, problem, fix: "Make it shorter, or put it into several files." }],
    "k8s_prompt_too_large",
  );
}

/** Of this process: a thousand runs that have the same files have them in memory once, as long as any of them lives. */
const living = new Map<string, WeakRef<SecretContent["data"]>>();
const forgotten = new FinalizationRegistry<string>((name) => {
  if (living.get(name)?.deref() === undefined) living.delete(name);
});

function bundleOf({ data, items }: SecretContent, installation: Installation, companyId: string): Bundle {
  const hash = createHash("sha256");
  for (const [key, bytes] of Object.entries(data)) hash.update(`${key}:${Buffer.byteLength(bytes)}:`).update(bytes);
  const text = JSON.stringify(["bundle", installation.label, companyId, hash.digest("hex")]);
  const name = bundleName(installation.sign(text) ?? createHash("sha256").update(text).digest("hex"));
  const known = living.get(name)?.deref();
  if (known) return { name, data: known, items };
  living.set(name, new WeakRef(data));
  forgotten.register(data, name);
  return { name, data, items };
}
