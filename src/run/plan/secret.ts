/**
 * The run's Secret: prompt, instructions, runner and every environment variable of the agent. Nothing of it stands in
 * the Job, which anyone with `get jobs` can read.
 */
import type { EnvVar, KeyToPath, Secret } from "kubernetes-types/core/v1";
import { ConfigError } from "../../config/config-error.ts";
import { RUN_FILES, type RunnerSpec, shellSpec } from "../../runner/spec.ts";

export const INSTRUCTIONS_FILE = "instructions.md";

/** The API server refuses one byte more (measured, 422). */
const MAX_SECRET_BYTES = 1_048_576;
const ENV_PREFIX = "env.";

export interface RunSecretInput {
  readonly prompt: string;
  readonly instructions: string | null;
  readonly spec: RunnerSpec;
  readonly environment: Readonly<Record<string, string>>;
  /** The scripts that run in the pod, by file name. */
  readonly scripts: Readonly<Record<string, string>>;
}

/** Key → text. Throws ConfigError when it is larger than a Secret may be, naming the largest part. */
export function runSecretData(input: RunSecretInput): Record<string, string> {
  const data: Record<string, string> = {
    ...input.scripts,
    [RUN_FILES.prompt]: input.prompt,
    [RUN_FILES.spec]: JSON.stringify(input.spec),
    [RUN_FILES.shellSpec]: shellSpec(input.spec),
  };
  if (input.instructions !== null) data[INSTRUCTIONS_FILE] = input.instructions;
  for (const [name, value] of Object.entries(input.environment)) data[ENV_PREFIX + name] = value;
  checkSize(data);
  return data;
}

function checkSize(data: Readonly<Record<string, string>>): void {
  const sizes = Object.entries(data).map(([key, value]) => ({ key, bytes: Buffer.byteLength(value) }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= MAX_SECRET_BYTES) return;
  const largest = sizes.reduce((most, size) => (size.bytes > most.bytes ? size : most));
  throw new ConfigError(
    [
      {
        field: largest.key.startsWith(ENV_PREFIX) ? `env.${largest.key.slice(ENV_PREFIX.length)}` : largest.key,
        problem: `makes the run's Secret ${total} bytes large (it alone has ${largest.bytes}), and Kubernetes takes ${MAX_SECRET_BYTES}`,
        fix: "Make it shorter, or put it into a file that the agent reads.",
      },
    ],
    "k8s_prompt_too_large",
  );
}

/** The environment as references: the pod's specification shows names, never values. */
export function environmentReferences(secretName: string, environment: Readonly<Record<string, string>>): EnvVar[] {
  return Object.keys(environment)
    .sort()
    .map((name) => ({ name, valueFrom: { secretKeyRef: { name: secretName, key: ENV_PREFIX + name } } }));
}

/** The files of the Secret's volume: all but the environment. */
export function fileItems(data: Readonly<Record<string, string>>): KeyToPath[] {
  return Object.keys(data)
    .filter((key) => !key.startsWith(ENV_PREFIX))
    .sort()
    .map((key) => ({ key, path: key }));
}

/** Without owner: launch adds the Job's uid, which only the cluster knows. */
export function runSecret(
  name: string,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  data: Readonly<Record<string, string>>,
): Secret {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")] as const);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, labels: { ...labels } },
    type: "Opaque",
    immutable: true,
    data: Object.fromEntries(encoded),
  };
}
