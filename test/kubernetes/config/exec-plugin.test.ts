/** An exec plugin that hangs: ended in its time, and with the process that asked it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CredentialSource, CredentialsError } from "../../../src/kubernetes/config/credentials.ts";
import { selectContext, thisProcess } from "../../../src/kubernetes/config/select-context.ts";
import { eventually } from "../support/eventually.ts";

// Processes on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "exec-plugin-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A kubeconfig whose plugin is that script of sh; `$0` is the folder. */
async function kubeconfigOf(name: string, script: string): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  const apiVersion = "client.authentication.k8s.io/v1";
  const exec = { apiVersion, command: "sh", args: ["-c", script, folder], interactiveMode: "Never" };
  const config = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": "c" },
    clusters: [{ name: "c", cluster: { server: "http://127.0.0.1:9" } }],
    users: [{ name: "u", user: { exec } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

const sourceOf = async (kubeconfig: string, limitMs?: number): Promise<CredentialSource> =>
  new CredentialSource(await selectContext({ kubeconfig }, thisProcess), limitMs);

const CREDENTIAL = JSON.stringify({
  ...{ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "late" } },
});
const pidIn = (name: string): number => Number(readFileSync(join(folder, name), "utf8"));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("one that hangs is ended, also where it ignores that and another holds its output; the next one is asked", async () => {
  const hangs = `trap '' TERM; sleep 5 & echo $$ >"$0/once"; while :; do sleep 0.1; done`;
  const source = await sourceOf(
    await kubeconfigOf("once", `[ -e "$0/once" ] || { ${hangs}; }; echo '${CREDENTIAL}'`),
    1_000,
  );
  const error = await source.get().catch((thrown: unknown) => thrown as CredentialsError);
  expect(error).toBeInstanceOf(CredentialsError);
  expect(error).toMatchObject({
    message: "the exec plugin sh gave no credential within 1 s and was given up",
    transient: true,
  });
  expect(await source.get()).toMatchObject({ headers: { authorization: "Bearer late" } });
  await eventually(() => !isAlive(pidIn("once")), "the plugin's end");
});

test("one that has ended, and left its output to another, is waited for no longer either", async () => {
  const source = await sourceOf(await kubeconfigOf("left", "sleep 5 & exit 0"), 500);
  await expect(source.get()).rejects.toThrow("the exec plugin sh gave no credential within 0.5 s and was given up");
});

test("one that answers in its time is no concern of anybody's at the end of the process", async () => {
  const listeners = process.listenerCount("exit");
  const source = await sourceOf(await kubeconfigOf("quick", `echo '${CREDENTIAL}'`));
  expect(await source.get()).toMatchObject({ headers: { authorization: "Bearer late" } });
  await eventually(() => process.listenerCount("exit") === listeners, "the listener's end");
});

test("one that hangs ends with a command that does not wait for it any more", async () => {
  const kubeconfig = await kubeconfigOf("command", `echo $$ >"$0/command"; exec sleep 600`);
  const cli = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
  const command = spawn(process.execPath, [cli, "ps", "--kubeconfig", kubeconfig], { stdio: "ignore" });
  const ended = once(command, "exit");
  await eventually(() => existsSync(join(folder, "command")) && pidIn("command") > 0, "the plugin", 30_000);
  expect(isAlive(pidIn("command"))).toBe(true);
  command.kill("SIGINT");
  await ended;
  await eventually(() => !isAlive(pidIn("command")), "the plugin's end");
});
