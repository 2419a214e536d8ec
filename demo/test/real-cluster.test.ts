/** The demo against a cluster that it did not start: a devcluster of this process, reached over HTTPS like any other. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Devcluster, fastTimings, startDevcluster } from "../../devcluster/src/index.ts";
import { variant } from "../../test/support/variant.ts";
import { findClaudeCode } from "../claude-code.ts";
import { bash, type ScriptedModel, say, stall, startScriptedModel, text } from "../scripted-model/index.ts";
import { DemoProcess } from "./support/run-demo.ts";

let cluster: Devcluster;
let model: ScriptedModel;
let folder: string;
beforeEach(async () => {
  const path = [findClaudeCode().folder, dirname(process.execPath)];
  cluster = await startDevcluster({ images: { agent: { path, env: { IS_SANDBOX: "1" } } }, timings: fastTimings });
  model = await startScriptedModel({
    script: (asked) => (asked.toolResult ? stall([text("Hm")]) : say([bash("echo now")])),
  });
  folder = await mkdtemp(join(tmpdir(), "demo-cluster-"));
});
afterEach(async () => {
  await cluster.stop();
  await model.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(kubeconfig: string): Promise<DemoProcess> {
  const config = join(folder, "config");
  await writeFile(config, kubeconfig);
  return DemoProcess.start(["--kubeconfig", config, "--image", "agent", "--model-url", model.url]);
}

test("a pipe that closes after the last line leaves no Job, no pod and no Secret there", async () => {
  await using demo = await start(cluster.kubeconfig);
  await demo.says("says    Hm");
  demo.child.stdout?.destroy();
  expect(await demo.ends(), demo.stderr).toBe(141);
  const left = ["jobs", "pods", "secrets"].flatMap((resource) => cluster.store.list(resource, "default"));
  expect(left.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
});

test("missing rights are one failure; what is left is then said to be unknown", async () => {
  await using demo = await start(cluster.kubeconfigOf("default", "default"));
  expect(await demo.ends(), demo.stderr).toBe(1);
  expect(demo.stdout.match(/✗/g), demo.stdout).toHaveLength(1);
  expect(demo.stdout).toMatch(
    /left over could not be checked: this user has no right to look for a Job, a pod, a Secret/,
  );
});

variant("with some of the rights, it says what is gone and what is unknown", async () => {
  const rules = [{ apiGroups: ["", "batch"], resources: ["jobs", "pods"], verbs: ["get", "list"] }];
  cluster.store.create("roles", { metadata: { name: "reader", namespace: "default" }, rules });
  cluster.store.create("rolebindings", {
    metadata: { name: "reader", namespace: "default" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
    subjects: [{ kind: "ServiceAccount", name: "default", namespace: "default" }],
  });
  await using demo = await start(cluster.kubeconfigOf("default", "default"));
  expect(await demo.ends(), demo.stderr).toBe(1);
  expect(demo.stdout).toContain("left over nothing: no Job, no pod; this user has no right to look for a Secret");
});
