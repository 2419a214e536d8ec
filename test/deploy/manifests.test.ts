/** Each folder of deploy/ through kubectl and onto an API server, and a default agent's pods through what it sets up. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Pod } from "kubernetes-types/core/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Devcluster, fastTimings, startDevcluster } from "../../devcluster/src/index.ts";
import { type Kubectl, kubectlFor, kubectlVersion } from "../../devcluster/test/kubectl/kubectl.ts";
import type { RunPlan } from "../../src/run/plan/plan.ts";
import { some } from "../support/thoroughness.ts";
import { baseAnnotations, type Policy, refusals, setting } from "./support/admission.ts";
import { built, FOLDERS, manifestOf, manifestsIn } from "./support/kustomize.ts";
import { defaultPlan, plans } from "./support/planned-jobs.ts";

const POLICY = "ValidatingAdmissionPolicy";

describe.skipIf(kubectlVersion === undefined)("what stands in deploy/", () => {
  let cluster: Devcluster;
  let admin: Kubectl;
  let paperclip: Kubectl;
  beforeAll(async () => {
    cluster = await startDevcluster({ images: {}, timings: fastTimings });
    admin = await kubectlFor(cluster);
    await admin.run(["create", "namespace", "paperclip"]);
    await admin.run(["create", "serviceaccount", "paperclip", "--namespace=paperclip"]);
    paperclip = await kubectlFor(cluster, cluster.kubeconfigOf("paperclip", "paperclip"));
    await admin.run(["apply", "--validate=strict", "-f", "-"], await built("base"));
  });
  afterAll(async () => {
    await admin.close();
    await paperclip.close();
    await cluster.stop();
  });

  const podOf = ({ job }: RunPlan, name: string): Pod => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "claude-agents", labels: { ...job.spec?.template.metadata?.labels } },
    ...(job.spec?.template.spec ? { spec: job.spec.template.spec } : {}),
  });

  describe.each(FOLDERS)("deploy/kustomize/%s", (folder) => {
    it("is what kubectl and the API server take, strictly, and again without a change", async () => {
      const yaml = await built(folder);
      const first = await admin.try(["apply", "--validate=strict", "-f", "-"], yaml);
      expect(first).toMatchObject({ code: 0, err: "" });
      const again = await admin.run(["apply", "--validate=strict", "-f", "-"], yaml);
      expect(
        again
          .trim()
          .split("\n")
          .filter((line) => !line.endsWith(" unchanged")),
      ).toEqual([]);
    });
  });

  it("is changed by the kustomization that docs/deploy.md shows", async () => {
    const page = await readFile(new URL("../../docs/deploy.md", import.meta.url), "utf8");
    const [, example = ""] = /^```yaml\n(.*?)^```/ms.exec(page) ?? [];
    const folder = await mkdtemp(join(tmpdir(), "kustomization-"));
    await cp(fileURLToPath(new URL("../../deploy", import.meta.url)), join(folder, "deploy"), { recursive: true });
    await writeFile(join(folder, "kustomization.yaml"), example);
    const yaml = await admin.run(["kustomize", folder]);
    await rm(folder, { recursive: true });
    await admin.run(["apply", "--validate=strict", "-f", "-"], yaml);
    const [namespace] = manifestsIn(yaml, "Namespace");
    expect(namespace?.metadata.name).toBe("agents-of-team-a");
    expect(manifestsIn(yaml, "Role")[0]?.metadata.namespace).toBe("agents-of-team-a");
    expect(namespace?.metadata.annotations).toMatchObject({
      [setting("user")]: expect.stringContaining("paperclip"),
      [setting("service-accounts")]: "claude-agent",
    });
    expect(yaml).toContain('limits.cpu: "400"');
    expect(yaml).toContain("name: paperclip\n  namespace: paperclip");
  });

  describe("the namespace of deploy/kustomize/base", () => {
    it.each(plans)("lets Paperclip's account create the Job and the Secret of %s", async (_, { job, secret }) => {
      const dryRun = ["create", "--dry-run=server", "--validate=strict", "-o", "json", "-f", "-"];
      const [jobs, secrets] = await Promise.all(
        ["jobs", "secrets"].map((name) => manifestOf<Policy>(`admission/${name}.yaml`, POLICY)),
      );
      const annotations = await baseAnnotations();
      for (const [sent, policy] of [
        [job, jobs],
        [secret, secrets],
      ] as const) {
        // As the API server completes it, which is how its admission sees it.
        const object = JSON.parse(await paperclip.run(dryRun, JSON.stringify(sent)));
        if (!policy) throw new Error("no policy");
        expect(refusals(policy, { user: annotations[setting("user")] ?? "", object, annotations })).toEqual([]);
      }
    });

    it.each(some(plans))("admits the pod of %s: Pod Security, limits, quota", async (_, plan) => {
      const pod = JSON.stringify(podOf(plan, "one"));
      const { code, err } = await admin.try(["create", "--dry-run=server", "--validate=strict", "-f", "-"], pod);
      expect({ code, err }).toEqual({ code: 0, err: "" });
    });

    it("refuses a pod that is privileged, and one that asks for too much", async () => {
      const pod = podOf(defaultPlan, "one");
      const [container] = pod.spec?.containers ?? [];
      if (!container) throw new Error("no container");
      const withContainer = (change: object): string =>
        JSON.stringify({ ...pod, spec: { ...pod.spec, containers: [{ ...container, ...change }] } });
      const refusal = async (input: string): Promise<string> =>
        (await admin.try(["create", "--dry-run=server", "-f", "-"], input)).err;
      expect(await refusal(withContainer({ securityContext: { privileged: true } }))).toContain(
        'violates PodSecurity "restricted',
      );
      const resources = { requests: { cpu: "1", memory: "1Mi" }, limits: { cpu: "1", memory: "1Pi" } };
      expect(await refusal(withContainer({ resources }))).toContain("maximum memory usage per Container is 16Gi");
    });

    it("has room for twenty default agents, and not for one more", async () => {
      const create = (from: number, to: number) => {
        const items = Array.from({ length: to - from }, (_, index) => podOf(defaultPlan, `agent-${from + index}`));
        return admin.try(["create", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
      };
      expect(await create(0, 20)).toMatchObject({ code: 0, err: "" });
      expect((await create(20, 21)).err).toContain("exceeded quota: claude-agents");
      await admin.run(["delete", "pod", "--all", "--namespace=claude-agents", "--force", "--grace-period=0"]);
    });
  });
});
