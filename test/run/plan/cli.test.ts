/** Claude Code from a second image, in the pod's specification. */
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/config/config-error.ts";
import { lacksImageVolume } from "../../../src/run/plan/cli.ts";
import { securityProblems } from "../../../src/run/plan/overlay/pod-security.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { policyOf } from "../../support/policy.ts";
import { agentOf, input, podOf } from "../support/plan-input.ts";

const SECOND = "registry.example/claude:2.1.330";
const plan = (config: Record<string, unknown>, file: Parameters<typeof policyOf>[0] = {}) =>
  planRun(input({ agent: agentOf({ image: "img:1", ...config }, policyOf({ trust: "full", ...file })) }));
const variable = (of: { env?: { name: string; value?: string }[] } | undefined) =>
  of?.env?.find(({ name }) => name === "CLAUDE_K8S_CLI")?.value;

describe("Claude Code from a second image", () => {
  it("is not there unless it is asked for", () => {
    for (const config of [{}, { cli: "image" }, { cli: "image", cliImage: SECOND }]) {
      const { initContainers, volumes, containers } = podOf(plan(config));
      expect(initContainers).toBeUndefined();
      expect(volumes?.map(({ name }) => name)).not.toContain("cli");
      expect(variable(containers[0])).toBeUndefined();
    }
  });

  it.each([{ cliImage: SECOND }, { cliImage: SECOND, cli: "copy" }])(
    "is copied by an init container, which sees nothing of the run's: %j",
    (config) => {
      const { initContainers = [], volumes, containers } = podOf(plan({ ...config, imagePullPolicy: "Always" }));
      expect(initContainers).toHaveLength(1);
      expect(initContainers[0]).toMatchObject({
        name: "cli",
        image: SECOND,
        imagePullPolicy: "Always",
        volumeMounts: [{ name: "cli", mountPath: "/run/claude-k8s-cli" }],
        securityContext: { readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: { drop: ["ALL"] } },
      });
      expect(initContainers[0]).not.toHaveProperty("env");
      expect(initContainers[0]).not.toHaveProperty("restartPolicy");
      expect(volumes).toContainEqual({ name: "cli", emptyDir: { sizeLimit: "1Gi" } });
      expect(containers[0]?.image).toBe("img:1");
      expect(containers[0]?.volumeMounts).toContainEqual({
        name: "cli",
        mountPath: "/run/claude-k8s-cli",
        readOnly: true,
      });
      expect(variable(containers[0])).toBe("/run/claude-k8s-cli");
    },
  );

  it("is a volume of that image", () => {
    const { initContainers, volumes, containers } = podOf(plan({ cliImage: SECOND, cli: "volume" }));
    expect(initContainers).toBeUndefined();
    expect(volumes).toContainEqual({ name: "cli", image: { reference: SECOND, pullPolicy: "IfNotPresent" } });
    expect(variable(containers[0])).toBe("/run/claude-k8s-cli/opt/claude");
  });

  it.each(["copy", "volume"])("keeps the restricted level: %s", (cli) => {
    const pod = podOf(plan({ cliImage: SECOND, cli }, { recorder: "separate", pod: { readOnlyRootFilesystem: true } }));
    expect(securityProblems({ ...pod }, "restricted")).toEqual([]);
  });

  it("comes before the recorder, whose Node it may bring", () => {
    const { initContainers = [] } = podOf(plan({ cliImage: SECOND }, { recorder: "separate" }));
    expect(initContainers.map(({ name }) => name)).toEqual(["cli", "recorder"]);
    expect(variable(initContainers[1])).toBe("/run/claude-k8s-cli");
    expect(initContainers[1]?.volumeMounts).toContainEqual(expect.objectContaining({ name: "cli", readOnly: true }));
  });

  it.each(["copy", "volume"])("needs the image's name: %s", (cli) => {
    expect(() => plan({ cli })).toThrow(ConfigError);
    expect(() => plan({ cli })).toThrow(/cliImage/);
  });

  it("is held to the images of the policy, unless the operator names it", () => {
    const file = { allow: { images: ["img:*"] } };
    expect(() => plan({ cliImage: SECOND }, file)).toThrow(/cliImage/);
    expect(() => plan({ cliImage: "img:2" }, file)).not.toThrow();
    expect(podOf(plan({}, { ...file, defaults: { cliImage: SECOND } })).initContainers?.[0]?.image).toBe(SECOND);
  });

  it("cannot be changed by a template", () => {
    const podTemplate = { spec: { initContainers: [{ name: "cli", image: "other:1" }] } };
    expect(() => plan({ cliImage: SECOND, podTemplate })).toThrow(/it is the adapter's/);
  });

  it("is missed where the cluster has dropped the volume's image", () => {
    const { job } = plan({ cliImage: SECOND, cli: "volume" });
    expect(lacksImageVolume(job, job)).toBe(false);
    const stored = structuredClone(job);
    for (const volume of stored.spec?.template.spec?.volumes ?? []) {
      if (volume.name !== "cli") continue;
      delete (volume as { image?: unknown }).image;
      volume.emptyDir = {};
    }
    expect(lacksImageVolume(job, stored)).toBe(true);
    const copied = plan({ cliImage: SECOND }).job;
    expect(lacksImageVolume(copied, copied)).toBe(false);
  });
});
