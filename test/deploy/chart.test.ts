/** deploy/chart: what Helm makes of it, for several operators, and whether an API server takes it. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Devcluster, fastTimings, startDevcluster } from "../../devcluster/src/index.ts";
import { type Kubectl, kubectlFor } from "../../devcluster/test/kubectl/kubectl.ts";
import { chartFiles } from "../../scripts/chart.ts";
import { optionalRights } from "../../src/kubernetes/needed-rights.ts";
import { govern, readPolicy } from "../../src/policy/policy.ts";
import { some } from "../support/thoroughness.ts";
import { baseAnnotations, setting } from "./support/admission.ts";
import { chartFolder, type Helm, hasHelm, helmFor, objectsIn, template, VALUES, valuesFile } from "./support/helm.ts";
import { type Manifest, manifestOf, manifestsIn } from "./support/kustomize.ts";

interface Any extends Manifest {
  readonly spec: Record<string, unknown>;
  readonly data: Record<string, string>;
  readonly rules: { readonly resources: string[] }[];
}

const values = parse(await readFile(`${chartFolder}/values.yaml`, "utf8"));

describe.each(Object.entries(chartFiles()))("%s", (path, text) => {
  it("is what scripts/chart.ts makes", async () => {
    expect(await readFile(path, "utf8")).toBe(text);
  });
});

describe("values.yaml", () => {
  it("has a switch for each optional right", () => {
    expect(Object.keys(values.rights).toSorted()).toEqual(Object.keys(optionalRights).toSorted());
  });

  it("begins with the kustomization's quota, limits, and patterns for admission", async () => {
    const [quota, limits] = await Promise.all([
      manifestOf<Any>("base/limits.yaml", "ResourceQuota"),
      manifestOf<Any>("base/limits.yaml", "LimitRange"),
    ]);
    expect(values.agents.quota).toEqual(quota.spec.hard);
    expect(values.agents.limitRange).toEqual(limits.spec.limits);
    const { images, claims, wholeClaims, egress } = values.admission;
    const patterns = { images, claims, "whole-claims": wholeClaims, egress };
    const ours = Object.entries(patterns).map(([name, pattern]) => [setting(name), pattern]);
    expect(await baseAnnotations()).toMatchObject(Object.fromEntries(ours));
  });
});

describe.skipIf(!hasHelm)("Helm", () => {
  let helm: Helm;
  let cluster: Devcluster;
  let kubectl: Kubectl;
  beforeAll(async () => {
    helm = await helmFor();
    cluster = await startDevcluster({ images: {}, timings: fastTimings });
    kubectl = await kubectlFor(cluster);
    await kubectl.run(["create", "namespace", "paperclip"]);
  });
  afterAll(async () => {
    await kubectl.close();
    await cluster.stop();
    await helm.close();
  });
  const of = (yaml: string, kind: string): Any[] => manifestsIn<Any>(yaml, kind);

  it("finds nothing to complain of", async () => {
    for (const args of [[], ...VALUES.map(valuesFile)])
      expect(await helm.run("lint", "--strict", chartFolder, ...args)).toContain("0 chart(s) failed");
  });

  it.each(some(["the defaults", ...VALUES]))(
    "makes of %s what the API server takes, strictly, and again without a change",
    async (name) => {
      const yaml = await template(helm, ...(name === "the defaults" ? [] : valuesFile(name)));
      const first = await kubectl.try(["apply", "--validate=strict", "-f", "-"], yaml);
      expect(first).toMatchObject({ code: 0, err: "" });
      // A Secret of random values, which Helm takes over from the cluster and `helm template` makes anew.
      const again = await kubectl.run(["apply", "--validate=strict", "-f", "-"], yaml);
      expect(
        again
          .trim()
          .split("\n")
          .filter((line) => !line.endsWith(" unchanged")),
      ).toEqual([]);
      await kubectl.run(["delete", "--wait=false", "--ignore-not-found", "-f", "-"], yaml);
      await expect
        .poll(() => kubectl.run(["get", "namespaces", "-o", "name"]), { timeout: 20_000 })
        .not.toContain("agents");
    },
  );

  it("gives the Role what the values say beyond the needed rights", async () => {
    const ruled = async (...args: string[]): Promise<string> =>
      JSON.stringify(
        of(await template(helm, ...args), "Role").find((role) => role.metadata.name === "paperclip-claude-k8s")?.rules,
      );
    expect(await ruled()).toContain("networkpolicies");
    expect(await ruled()).not.toContain("pods/exec");
    expect(await ruled(...valuesFile("together"))).toContain("pods/exec");
    expect(await ruled(...valuesFile("together"))).not.toContain("networkpolicies");
  });

  it.each([
    ["the defaults", [], { namespace: "claude-agents", config: { serviceAccountName: "claude-agent" } }],
    ["together", valuesFile("together"), { namespace: "paperclip" }],
    [
      "everything",
      valuesFile("everything"),
      {
        namespace: "agents-of-team-a",
        config: { serviceAccountName: "agent", image: "registry.example/agents/claude:2", homeClaim: "home" },
      },
    ],
  ])(
    "writes of %s a policy that Paperclip reads, and that places an agent that sets nothing",
    async (_, args, expected) => {
      const [map] = of(await template(helm, ...args), "ConfigMap").filter(
        ({ metadata }) => metadata.name === "claude-k8s-policy",
      );
      const folder = await mkdtemp(join(tmpdir(), "policy-"));
      const path = join(folder, "policy.yaml");
      await writeFile(path, map?.data["policy.yaml"] ?? "", { mode: 0o444 });
      const policy = await readPolicy({ PAPERCLIP_K8S_POLICY: path });
      await rm(folder, { recursive: true });
      expect(govern({}, policy, { companyId: "company", agentId: "agent" })).toMatchObject(expected);
      expect(policy.limits.jobs).toEqual({ perNamespace: 20, perAgent: 5 });
    },
  );

  it("knows which Kubernetes has what", async () => {
    const [old, young] = await Promise.all(
      ["1.29.0", "1.36.0"].map((version) => template(helm, "--kube-version", version)),
    );
    expect(of(old ?? "", "ValidatingAdmissionPolicy")).toEqual([]);
    expect(old).not.toContain("supplementalGroupsPolicy");
    expect(of(young ?? "", "ValidatingAdmissionPolicy")).toHaveLength(2);
    expect(young).toContain("supplementalGroupsPolicy: Strict");
    await expect(template(helm, "--kube-version", "1.28.9")).rejects.toThrow("chart requires kubeVersion");
  });

  it("leaves Paperclip's own namespace as it is", async () => {
    const kinds = objectsIn(await template(helm, ...valuesFile("together"))).map(({ kind }) => kind);
    for (const kind of ["Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy"]) expect(kinds).not.toContain(kind);
  });

  it("marks what outlives the release", async () => {
    const yaml = (await template(helm, ...valuesFile("everything"))) + (await template(helm, ...valuesFile("whole")));
    const kept = objectsIn(yaml).filter(
      ({ metadata }) =>
        (metadata as { annotations?: object }).annotations &&
        JSON.stringify(metadata).includes('"helm.sh/resource-policy":"keep"'),
    );
    expect(kept.map(({ kind }) => kind).toSorted()).toEqual([
      "Namespace",
      "Namespace",
      "PersistentVolumeClaim",
      "Secret",
    ]);
  });

  it("makes a PodMonitor that finds Paperclip's pod by its labels, and the endpoint by its port", async () => {
    const yaml = await template(helm, ...valuesFile("whole"), "--set=metrics.podMonitor.enabled=true");
    const [monitor, set] = [of(yaml, "PodMonitor")[0], of(yaml, "StatefulSet")[0]];
    if (!monitor || !set) throw new Error("no PodMonitor, or no StatefulSet");
    const { selector, podMetricsEndpoints } = monitor.spec as {
      selector: { matchLabels: object };
      podMetricsEndpoints: object;
    };
    const { metadata, spec } = set.spec.template as { metadata: { labels: object }; spec: { containers: object[] } };
    expect(metadata.labels).toMatchObject(selector.matchLabels);
    expect(podMetricsEndpoints).toEqual([{ port: "claude-metrics", path: "/metrics", interval: "30s" }]);
    expect(spec.containers[0]).toMatchObject({
      ports: expect.arrayContaining([{ name: "claude-metrics", containerPort: 9464 }]),
      env: expect.arrayContaining([{ name: "PAPERCLIP_K8S_METRICS", value: "0.0.0.0:9464" }]),
    });
  });

  it.each([
    ["a value that it does not know", "agent.namespace=x", "additional properties 'agent' not allowed"],
    ["a rule that the policy does not know", "policy.limits.job=1", "additional properties 'job' not allowed"],
    ["a port that is none", "paperclip.port=99999", "/paperclip/port"],
    ["a Paperclip without an image", "paperclip.enabled=true", "paperclip.enabled needs paperclip.image."],
    ["a pattern with a line break, which matches nothing", "admission.images=a\nb", "/admission/images"],
    ["a wall without a pattern", "admission.claims=null", "missing property 'claims'"],
    ["nothing to pull", "prePull.enabled=true", "prePull needs images, or agents.image."],
  ])("refuses %s", async (_, set, words) => {
    await expect(template(helm, `--set=${set}`)).rejects.toThrow(words);
  });
});
