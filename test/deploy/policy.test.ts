/** deploy/kustomize/policy: what Paperclip's server reads when it mounts it, and what that gives an agent that sets nothing. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { govern, readPolicy } from "../../src/policy/policy.ts";
import { type Manifest, manifestOf } from "./support/kustomize.ts";

it("is a policy under which agents work in the base's namespace, as the base's service account", async () => {
  const { data } = await manifestOf<Manifest & { data: Record<string, string> }>("policy/policy.yaml", "ConfigMap");
  const folder = await mkdtemp(join(tmpdir(), "policy-"));
  const path = join(folder, "policy.yaml");
  await writeFile(path, data["policy.yaml"] ?? "", { mode: 0o444 });
  const policy = await readPolicy({ PAPERCLIP_K8S_POLICY: path });
  await rm(folder, { recursive: true });
  const agent = govern({ egress: "model-only" }, policy, { companyId: "company", agentId: "agent" });
  const [namespace, account] = await Promise.all([
    manifestOf("base/namespace.yaml", "Namespace"),
    manifestOf("base/service-account.yaml", "ServiceAccount"),
  ]);
  expect(agent.namespace).toBe(namespace.metadata.name);
  expect(agent.config).toMatchObject({ serviceAccountName: account.metadata.name, egress: "model-only" });
  expect(policy.limits.jobs).toEqual({ perNamespace: 20, perAgent: 5 });
});

it("is mounted by the patch of Paperclip's Deployment where the variable says, as a folder that follows changes", async () => {
  const patch = parse(await readFile(new URL("../../deploy/kustomize/policy/server.yaml", import.meta.url), "utf8"));
  const { containers, volumes } = patch.spec.template.spec;
  const [{ env, volumeMounts }] = containers;
  expect(volumes).toEqual([{ name: volumeMounts[0].name, configMap: { name: "claude-k8s-policy" } }]);
  expect(volumeMounts[0]).not.toHaveProperty("subPath");
  expect(env).toEqual([{ name: "PAPERCLIP_K8S_POLICY", value: `${volumeMounts[0].mountPath}/policy.yaml` }]);
});
