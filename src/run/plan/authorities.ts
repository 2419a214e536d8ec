/** Certificate authorities that the agent trusts beside the public ones (`caBundle`): the runner puts both into one file. */
import type { EnvVar, Volume, VolumeMount } from "kubernetes-types/core/v1";
import { certificatesProblem, configMapOf } from "../../config/pod-values.ts";
import { RUN_DIRECTORY } from "../../runner/spec.ts";
import { SCRATCH } from "./home.ts";
import type { RunFile } from "./secret.ts";

export interface Authorities {
  /** Of the run's directory. */
  readonly files: readonly RunFile[];
  readonly variables: readonly EnvVar[];
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
}

const FILE = "authorities.pem";
const VOLUME = "authorities";
const DIRECTORY = "/run/claude-k8s-authorities";

/** Variables of Paperclip's own process in whose place the runner's file comes. */
export const AUTHORITY_VARIABLES: readonly string[] = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"];

const variables = (source: string): EnvVar[] => [
  { name: "CLAUDE_K8S_AUTHORITIES", value: source },
  { name: "CLAUDE_K8S_TRUSTED", value: `${SCRATCH}/ca-certificates.pem` },
];

/** @param caBundle certificates as PEM, or configmap/NAME; null for none */
export function authorities(caBundle: string | null): Authorities {
  if (caBundle === null) return { files: [], variables: [], volumes: [], mounts: [] };
  const name = configMapOf(caBundle);
  if (name === null) {
    const files = [{ path: FILE, content: caBundle, layer: "authorities" as const }];
    return { files, variables: variables(`${RUN_DIRECTORY}/${FILE}`), volumes: [], mounts: [] };
  }
  return {
    files: [],
    variables: variables(DIRECTORY),
    volumes: [{ name: VOLUME, configMap: { name } }],
    mounts: [{ name: VOLUME, mountPath: DIRECTORY, readOnly: true }],
  };
}

export interface PaperclipsAuthorities {
  /** PEM; null where there are none to hand on. */
  readonly pem: string | null;
  readonly notes: readonly string[];
}

/** Those that Paperclip's own process trusts: who stands between it and the network stands between agents and it as well. */
export async function paperclipsAuthorities(
  path: string | undefined,
  readFile: (path: string) => Promise<string>,
): Promise<PaperclipsAuthorities> {
  if (path === undefined) return { pem: null, notes: [] };
  const unused = (why: string): PaperclipsAuthorities => ({
    pem: null,
    notes: [`NODE_EXTRA_CA_CERTS of Paperclip's own process (${path}) ${why}: agents do not trust its authorities`],
  });
  try {
    const pem = await readFile(path);
    const problem = certificatesProblem(pem);
    return problem === null ? { pem, notes: [] } : unused(problem);
  } catch (error) {
    return unused(`cannot be read (${error instanceof Error ? error.message : error})`);
  }
}
