import type { Job } from "kubernetes-types/batch/v1";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { manifestOf } from "../../src/cli/manifest/manifest-of.ts";
import { policyOf } from "../support/policy.ts";
import { objectsOf } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

it("`claude-k8s manifest` prints the Job that a run would be, and whose word each line is; it creates nothing", async () => {
  const { kubeconfig, namespace } = place;
  const agent = {
    agentId: "agent-manifest",
    companyId: "company",
    name: "Ada",
    config: {
      kubeconfig,
      namespace,
      image: "agent:1",
      "resources.limits.memory": "6Gi",
      env: { TOKEN: { type: "secret_ref", secretId: "s" } },
      podTemplate: { spec: { hostname: "ada", containers: [{ name: "claude", env: [{ name: "A", value: "1" }] }] } },
    },
  };
  const policy = policyOf({
    trust: "full",
    defaults: { priorityClassName: "agents" },
    podTemplate: { spec: { initContainers: [{ name: "proxy", image: "proxy:1", restartPolicy: "Always" }] } },
  });
  const { text, job: made } = await manifestOf(agent, policy, { env: {} });
  const line = (word: string): string => text.split("\n").find((one) => one.includes(word)) ?? "";
  expect(line("image: agent:1")).toContain("# image of the agent");
  expect(line("memory: 6Gi")).toContain("# resources.limits.memory of the agent");
  expect(line("memory: 2Gi")).toContain("# default of resources.requests.memory");
  expect(line("priorityClassName: agents")).toContain("# priorityClassName of the policy's defaults");
  expect(line("hostname: ada")).toContain("# podTemplate");
  expect(line("karpenter.sh/do-not-disrupt")).not.toContain("podTemplate");
  expect(text).toMatch(/initContainers:\n\s+# podTemplate of the policy\n/);
  expect(text).toMatch(/# Pod Security level restricted\n\s+allowPrivilegeEscalation: false/);
  expect(line("- /bin/sh")).not.toContain("#");
  const job = parse(text) as Job;
  expect(JSON.parse(JSON.stringify(made))).toEqual(job);
  expect(job).toMatchObject({ apiVersion: "batch/v1", kind: "Job", metadata: { namespace } });
  const names = job.spec?.template.spec?.containers[0]?.env?.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["TOKEN", "A", "HOME"]));
  expect(await objectsOf(place, { agentId: agent.agentId })).toEqual([]);
});
