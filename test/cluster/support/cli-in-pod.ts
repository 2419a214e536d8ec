/**
 * `claude-k8s` in Paperclip's pod on a devcluster, started as `kubectl exec` does: with the pod's service account and no
 * kubeconfig. The devcluster's containers are processes of this machine and its pods get no token, so the account's folder is
 * put where a pod has it in a mount namespace of the command's own, with a token of the suite's account.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { exec } from "../../../src/kubernetes/exec/exec.ts";
import { pods } from "../../../src/kubernetes/resource-types.ts";
import type { Answer, Cli } from "./cli.ts";
import { furnishHostPod } from "./host-pod.ts";
import { findUnshare } from "./mount-namespaces.ts";
import { type Place, SERVICE_ACCOUNT } from "./place.ts";

export interface CliInPod {
  /** Of the pod, as Paperclip's process has it. */
  readonly env: NodeJS.ProcessEnv & { readonly PAPERCLIP_HOME: string };
  run(args: readonly string[], more?: NodeJS.ProcessEnv): Promise<Answer>;
}

/** The devcluster writes its own path in the place of the whole of this one. */
const FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";
const MOUNT = `set -e
given=$1; token=$2; shift 2
own=/var/run/secrets/kubernetes.io; mount -t tmpfs tmpfs /var/run
mkdir -p "$own"; cp -rL "$given" "$own/serviceaccount"; cp "$token" "$own/serviceaccount/token"
exec "$@"`;

export async function openCliInPod(place: Place, { program, home }: Cli): Promise<CliInPod> {
  const { admin, namespace } = place;
  const unshare = findUnshare();
  if (unshare === null) throw new Error("this machine gives a process no mounts of its own");
  const env = await furnishHostPod(place, SERVICE_ACCOUNT);
  const pod = env.HOSTNAME ?? "";
  const token = join(home, "..", "token");
  await writeFile(token, parse(await readFile(place.kubeconfig, "utf8")).users[0].user.token, { mode: 0o600 });
  const isRunning = async () => (await admin.find(pods, namespace, pod))?.status?.phase === "Running";
  while (!(await isRunning())) await admin.clock.sleep(20);
  return {
    env,
    run: async (args, more = {}) => {
      const variables = Object.entries({ HOME: home, ...env, ...more }).map(([name, value]) => `${name}=${value}`);
      const command = ["sh", "-c", MOUNT, "sh", FOLDER, token, "env", ...variables, process.execPath, program, ...args];
      let stdout = "";
      const onStdout = (bytes: Buffer): void => {
        stdout += bytes.toString();
      };
      const request = { namespace, pod, container: "paperclip", command: [...unshare, ...command] as const };
      const end = await exec(admin.transport, request, onStdout, NEVER, { idleTimeoutMs: WITHIN_MS });
      if (end.kind !== "exited") throw new Error(`exec: ${JSON.stringify(end)}`);
      return { stdout, stderr: end.stderr, exitCode: end.exitCode };
    },
  };
}

/** A command may say nothing for as long. */
const WITHIN_MS = 120_000;
const NEVER = new AbortController().signal;
