/**
 * An agent keeps the environment that it was started with, its token for Paperclip too; but Paperclip lets only the run
 * that holds a task close it. So the pod also mounts Secrets that do not exist yet: the run that adopts the Job creates
 * the next one. The kubelet brings it into the pod within about a minute, and the agent's shell reads it from then on.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Secret, Volume } from "kubernetes-types/core/v1";
import { quote } from "../../runner/spec.ts";
import { runSecret } from "./secret.ts";

/** Where the pod finds the tokens of those who took the Job over, as `1.sh`, `2.sh` … */
export const TOKEN_DIRECTORY = "/run/claude-k8s-token";
const VOLUME = "token";
const KEY = "token.sh";

/**
 * How many times a Job's agent can be given another token; with the optional right to change Secrets the last one is changed
 * for all take-overs behind. The kubelet watches each of the Secrets until it exists.
 */
export const TOKENS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8];

export const tokenSecretName = (job: string, number: number): string => `${job}-token-${number}`;

export function tokenVolume(job: string): Volume {
  const sources = TOKENS.map((number) => ({
    secret: { name: tokenSecretName(job, number), optional: true, items: [{ key: KEY, path: `${number}.sh` }] },
  }));
  return { name: VOLUME, projected: { sources, defaultMode: 0o444 } };
}

/** Those that the Job's pod would see: earlier versions mounted fewer, or none. */
export function mountedTokens(job: Job): readonly number[] {
  const volume = job.spec?.template.spec?.volumes?.find(({ name }) => name === VOLUME);
  return TOKENS.slice(0, volume?.projected?.sources?.length ?? 0);
}

export const tokenMount = { name: VOLUME, mountPath: TOKEN_DIRECTORY, readOnly: true };

/** Without owner: its creator adds the Job. `number`: which adoption of the Job it is for, the first being 1. */
export function tokenSecret(job: Job, number: number, run: { readonly id: string; readonly token: string }): Secret {
  const { name = "", namespace = "", labels = {} } = job.metadata ?? {};
  const script = `export PAPERCLIP_API_KEY=${quote(run.token)}\nexport PAPERCLIP_RUN_ID=${quote(run.id)}\n`;
  const secret = runSecret(tokenSecretName(name, number), namespace, labels, { [KEY]: script });
  return isLast(job, number) ? { ...secret, immutable: false } : secret;
}

const isLast = (job: Job, number: number): boolean => mountedTokens(job).at(-1) === number;

/** True when both give the agent the same token, for the same run. */
export const isSameToken = (one: Secret, other: Secret): boolean => one.data?.[KEY] === other.data?.[KEY];

/** The token in such a Secret; null when it has none. */
export function tokenIn(secret: Secret): string | null {
  const script = Buffer.from(secret.data?.[KEY] ?? "", "base64").toString();
  const quoted = /^export PAPERCLIP_API_KEY='((?:[^']|'\\'')*)'$/m.exec(script)?.[1];
  return quoted === undefined ? null : quoted.replaceAll("'\\''", "'");
}
