/**
 * The run's Secret: every environment variable of the agent, and every file that no other run has. Nothing of it stands in the
 * Job, which anyone with `get jobs` can read, but for the files' names.
 */
import type { EnvVar, KeyToPath, Secret } from "kubernetes-types/core/v1";
import { ConfigError } from "../../config/config-error.ts";

/** The API server refuses one byte more (measured, 422). */
export const MAX_SECRET_BYTES = 1_048_576;
const ENV_PREFIX = "env.";

/** A file of the run's directory in the pod. */
export interface RunFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly executable?: boolean;
  /** What it is the same with in other runs: see bundles/share.ts. @default it is this run's own */
  readonly layer?: Layer;
}

/** Files that change together: the adapter's own, those of an agent, those of its company. */
export type Layer = "runner" | "authorities" | "instructions" | "skills";

export interface SecretContent {
  readonly data: Readonly<Record<string, string | Uint8Array>>;
  /** The files of the Secret's volume: all but the environment. */
  readonly items: readonly KeyToPath[];
}

/** The Secret's key of an environment variable. */
export const variableKey = (name: string): string => ENV_PREFIX + name;

/** Throws ConfigError when it is larger than a Secret may be, naming the largest part. */
export function secretContent(files: readonly RunFile[], environment: Readonly<Record<string, string>>): SecretContent {
  const { data: ofFiles, items } = keyed(files);
  const data = { ...ofFiles };
  const parts = new Map(items.map(({ key, path }) => [key, path]));
  for (const [name, value] of Object.entries(environment)) data[variableKey(name)] = value;
  checkSize(data, (key) => parts.get(key) ?? key);
  return { data, items };
}

/** Files as a Secret's keys. */
export function keyed(files: readonly RunFile[]): SecretContent {
  const data: Record<string, string | Uint8Array> = {};
  const items: KeyToPath[] = [];
  for (const [index, { path, content, executable }] of files.entries()) {
    // A key has no slash, and not every character that a file's name may have.
    const key = PLAIN_KEY.test(path) ? path : `file.${index}`;
    data[key] = content;
    items.push({ key, path, ...(executable ? { mode: 0o555 } : {}) });
  }
  return { data, items: items.toSorted((a, b) => (a.path < b.path ? -1 : 1)) };
}

const PLAIN_KEY = /^[-\w]+(\.[-\w]+)?$/;

function checkSize(data: SecretContent["data"], nameOf: (key: string) => string): void {
  const sizes = Object.entries(data).map(([key, value]) => ({ key, bytes: Buffer.byteLength(value) }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= MAX_SECRET_BYTES) return;
  const largest = sizes.reduce((most, size) => (size.bytes > most.bytes ? size : most));
  throw new ConfigError(
    [
      {
        field: nameOf(largest.key),
        problem: `is too large: it has ${largest.bytes} bytes, and the run's Secret has ${total}, where Kubernetes takes at most ${MAX_SECRET_BYTES}`,
        fix: "Make it shorter, or put it into a file that the agent reads.",
      },
    ],
    "k8s_prompt_too_large",
  );
}

/** The environment that a run's Secret gives to its agent. */
export function environmentOf({ secret }: { readonly secret: Secret }): Record<string, string> {
  const variables = Object.entries(secret.data ?? {}).filter(([key]) => key.startsWith(ENV_PREFIX));
  return Object.fromEntries(
    variables.map(([key, value]) => [key.slice(ENV_PREFIX.length), Buffer.from(value, "base64").toString()]),
  );
}

/** The token of the run that the Job was created for, as its Secret has it; null when that has none. */
export function runTokenIn({ data }: Secret): string | null {
  const token = data?.[variableKey("PAPERCLIP_API_KEY")];
  return token ? Buffer.from(token, "base64").toString() : null;
}

/** The environment as references: the pod's specification shows names, never values. */
export function environmentReferences(secretName: string, environment: Readonly<Record<string, string>>): EnvVar[] {
  return Object.keys(environment)
    .sort()
    .map((name) => ({ name, valueFrom: { secretKeyRef: { name: secretName, key: variableKey(name) } } }));
}

/** Without owner: launch adds the Job's uid, which only the cluster knows. */
export function runSecret(
  name: string,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  data: SecretContent["data"],
): Secret {
  const encoded = Object.entries(data).map(
    ([key, bytes]) => [key, Buffer.from(bytes as Uint8Array).toString("base64")] as const,
  );
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, labels: { ...labels } },
    type: "Opaque",
    immutable: true,
    data: Object.fromEntries(encoded),
  };
}
