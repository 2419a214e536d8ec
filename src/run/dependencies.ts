/** What a run takes from the outside world; tests bring their own. */
import { readFile } from "node:fs/promises";
import type { ClusterOptions } from "../kubernetes/cluster.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { connect } from "./connect.ts";

export interface Dependencies {
  /** Environment of Paperclip's process: the operator's settings. */
  readonly env: NodeJS.ProcessEnv;
  readonly readFile: (path: string) => Promise<string>;
  readonly connect: (options: ClusterOptions) => Promise<KubernetesClient>;
}

export const realDependencies = (): Dependencies => ({
  env: process.env,
  readFile: (path) => readFile(path, "utf8"),
  connect,
});
