/** Credentials as clouds give them: a plugin prints a token that is good for seconds, and fails at times. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";

export interface ExecPlugin {
  /** A kubeconfig whose user asks the plugin. */
  readonly kubeconfig: string;
  setFailing(failing: boolean): Promise<void>;
}

/** Seconds; a cloud's is a quarter of an hour. */
const GOOD_FOR_SEC = 5;

/** @param kubeconfig path of one whose user has a token */
export async function writeExecPlugin(kubeconfig: string, folder: string): Promise<ExecPlugin> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(kubeconfig);
  const token = kubeConfig.getCurrentUser()?.token ?? "";
  const broken = join(folder, "plugin-fails");
  const program = join(folder, "plugin.sh");
  await writeFile(
    program,
    [
      `[ ! -e ${broken} ] || { echo "the identity provider does not answer" >&2; exit 1; }`,
      `until=$(date -u -d "+${GOOD_FOR_SEC} seconds" +%Y-%m-%dT%H:%M:%SZ)`,
      `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s","expirationTimestamp":"%s"}}' '${token}' "$until"`,
    ].join("\n"),
    { mode: 0o700 },
  );
  const whole = JSON.parse(kubeConfig.exportConfig());
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sh", args: [program] };
  for (const one of whole.users) one.user = { exec: { ...exec, interactiveMode: "Never" } };
  const written = join(folder, "exec-kubeconfig");
  await writeFile(written, JSON.stringify(whole), { mode: 0o600 });
  return {
    kubeconfig: written,
    setFailing: (failing) => (failing ? writeFile(broken, "") : rm(broken, { force: true })),
  };
}
