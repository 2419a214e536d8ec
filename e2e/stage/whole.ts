/**
 * A whole Paperclip inside the devcluster, as the chart installs it. What differs from a real cluster: the server's image is
 * this machine's Node with e2e's own server; there is no network of pods, so it listens on loopback, where it trusts
 * everybody; and its way to the API server is a kubeconfig, since a path inside a pod is not one of this machine.
 */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findClaudeCode } from "../../demo/claude-code.ts";
import { type Devcluster, fastTimings, startDevcluster } from "../../devcluster/src/index.ts";
import { chartFolder, type Helm, helmFor, RELEASE } from "../../test/deploy/support/helm.ts";
import { PaperclipApi } from "../host/api.ts";
import { freePort } from "../host/free-port.ts";
import { createHome } from "../host/home.ts";
import { e2eFolder } from "../host/install.ts";
import { until } from "../host/until.ts";
import type { User } from "../host/user.ts";
import { createOperator } from "./operator.ts";

export const NAMESPACE = "paperclip";
export const SERVER_IMAGE = "devcluster.local/paperclip:e2e";
/** Milliseconds: a first start runs all migrations, on a busy machine too. */
const READY_WITHIN_MS = 240_000;

export interface WholePaperclip extends AsyncDisposable {
  readonly api: PaperclipApi;
  readonly url: string;
  readonly devcluster: Devcluster;
  readonly helm: Helm;
  /** The agents' image, with Claude Code. */
  readonly agentImage: string;
  /** A file of values: what this machine needs. */
  readonly values: string;
  /** The administrator's, who has Helm and kubectl. */
  readonly kubeconfig: string;
  /** `helm install` or `upgrade` with what this machine needs, and more values of `--set`. */
  release(command: "install" | "upgrade", ...set: readonly string[]): Promise<string>;
  ready(): Promise<void>;
}

export async function openWhole(): Promise<WholePaperclip> {
  await using undo = new AsyncDisposableStack();
  const home = undo.adopt(await createHome(), (value) => value.remove());
  const operator = undo.adopt(await createOperator(home.user), (value) => value.remove());
  const claude = findClaudeCode();
  const agentImage = `devcluster.local/claude-code:${claude.version}`;
  const directory = join(home.folder, "cluster");
  const image = join(home.folder, "image");
  await Promise.all([directory, image].map((folder) => mkdir(folder)));
  await writeFile(join(image, "paperclip"), entrypoint(home.user));
  await chmod(join(image, "paperclip"), 0o755);
  const node = dirname(process.execPath);
  const devcluster = await startDevcluster({
    directory,
    images: {
      [SERVER_IMAGE]: { path: [image, node], entrypoint: ["paperclip"] },
      [agentImage]: { path: [claude.folder, node], env: { IS_SANDBOX: "1" } },
    },
    timings: fastTimings,
  });
  undo.defer(() => devcluster.stop());
  const kubeconfig = await operator.keepKubeconfig(devcluster.kubeconfig);
  const helm = undo.adopt(await helmFor(kubeconfig), (value) => value.close());
  // The account is the chart's, and so are its rights.
  const ofPaperclip = join(operator.folder, "paperclip");
  await writeFile(ofPaperclip, devcluster.kubeconfigOf(NAMESPACE, "paperclip"), { mode: 0o444 });
  const [port, postgres] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const api = new PaperclipApi(url);
  const values = join(operator.folder, "values.json");
  await writeFile(values, JSON.stringify(valuesOf({ port, postgres, agentImage, kubeconfig: ofPaperclip })));
  const parts = undo.move();
  return {
    api,
    url,
    devcluster,
    helm,
    agentImage,
    values,
    kubeconfig,
    release: (command, ...set) =>
      helm.run(
        command,
        RELEASE,
        chartFolder,
        `--namespace=${NAMESPACE}`,
        "--values",
        values,
        ...set.map((one) => `--set=${one}`),
      ),
    ready: async () => {
      const probe = async () => {
        const health = await api.health().catch(() => null);
        // Where one has to sign in, nobody else is told how far it is.
        return health?.status === "ok" && (health.startupRecovery?.phase ?? "ready") === "ready";
      };
      await until("Paperclip is ready", probe, { within: READY_WITHIN_MS }, async () => podOf(devcluster));
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

const podOf = ({ store }: Devcluster): unknown => store.get("pods", NAMESPACE, "paperclip-0")?.status;

interface Facts {
  readonly port: number;
  readonly postgres: number;
  readonly agentImage: string;
  readonly kubeconfig: string;
}

function valuesOf({ port, postgres, agentImage, kubeconfig }: Facts): object {
  return {
    paperclip: {
      enabled: true,
      image: SERVER_IMAGE,
      port,
      apiUrl: `http://127.0.0.1:${port}`,
      home: { size: "1Gi" },
      env: {
        HOST: "127.0.0.1",
        PAPERCLIP_DEPLOYMENT_MODE: "local_trusted",
        PAPERCLIP_TELEMETRY_DISABLED: "1",
        DO_NOT_TRACK: "1",
        PAPERCLIP_ANNOUNCEMENTS_ENABLED: "false",
        PAPERCLIP_DB_BACKUP_ENABLED: "false",
        HEARTBEAT_SCHEDULER_INTERVAL_MS: "10000",
        POSTGRES_PORT: String(postgres),
      },
    },
    agents: { image: agentImage, homeClaim: { create: true, size: "1Gi", accessModes: ["ReadWriteOnce"] } },
    policy: { clusters: { default: { kubeconfig } } },
  };
}

/**
 * As a server's image has it: gives the volume to an unprivileged user and goes on as that one. The port of PostgreSQL is one
 * of its own, for other servers of this machine have the usual one (host/home.ts).
 */
function entrypoint(user: User | null): string {
  const server = join(e2eFolder, "node_modules/@paperclipai/server/dist/index.js");
  const become = user ? `setpriv --reuid=${user.uid} --regid=${user.gid} --clear-groups` : "";
  const give = user ? `chown -R ${user.uid}:${user.gid} "$PAPERCLIP_HOME"; chmod 755 "$PAPERCLIP_HOME"` : ":";
  return `#!/bin/sh
set -e
instance="$PAPERCLIP_HOME/instances/default"
mkdir -p "$instance"
cat > "$instance/config.json" <<EOF
{"$meta":{"version":1,"updatedAt":"2026-01-01T00:00:00Z","source":"onboard"},
 "database":{"embeddedPostgresDataDir":"$instance/db","embeddedPostgresPort":$POSTGRES_PORT,"backup":{"enabled":false,"dir":"$instance/backups"}},
 "logging":{"mode":"file","logDir":"$instance/logs"},"server":{},"telemetry":{"enabled":false},
 "storage":{"localDisk":{"baseDir":"$instance/storage"}},"secrets":{"localEncrypted":{"keyFilePath":"$instance/secrets/master.key"}}}
EOF
${give}
export TMPDIR="$PAPERCLIP_HOME"
cd "$PAPERCLIP_HOME"
exec ${become} node "$(readlink -f ${server})"
`.replace('"$meta"', '"\\$meta"');
}
