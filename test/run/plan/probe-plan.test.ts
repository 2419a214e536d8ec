import { describe, expect, it } from "vitest";
import { planProbe } from "../../../src/run/plan/probe-plan.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { LABELS } from "../../../src/run/shared/names.ts";
import { hostPod, input, podOf, secretOf } from "../support/plan-input.ts";

const asked = () =>
  input({ hostPod, config: { command: "claude", maxTurnsPerRun: 50, cwd: "/work", retainJobs: true } });

describe("the plan of a probe", () => {
  it("has the pod of a run: image, user, home, placement, resources, security", () => {
    const [probe, run] = [podOf(planProbe(asked(), { limitSec: 90 })), podOf(planRun(asked()))];
    const shared = ({ containers, ...pod }: typeof run) => {
      const { image, imagePullPolicy, resources, securityContext } = containers[0] ?? {};
      const { activeDeadlineSeconds: _, terminationGracePeriodSeconds: __, ...rest } = pod;
      return {
        ...rest,
        image,
        imagePullPolicy,
        resources,
        securityContext,
        volumes: pod.volumes?.map(({ name }) => name),
      };
    };
    expect(shared(probe)).toEqual(shared(run));
  });

  it("asks for one word by a script that starts the agent's command, and works where nothing is kept", () => {
    const secret = secretOf(planProbe(asked(), { limitSec: 90 }));
    expect(secret.prompt).toBe("Respond with hello.");
    const { command, timeoutSec } = JSON.parse(secret["run.json"] ?? "");
    expect(command.slice(0, 4)).toEqual(["/bin/sh", { runFile: "probe.sh" }, "claude", "--print"]);
    expect(command.join(" ")).toContain("--max-turns 1");
    expect(timeoutSec).toBe(90);
    expect(secret["run.sh"]).toContain(`'/bin/sh' "$dir"/'probe.sh' 'claude'`);
    expect(secret["probe.sh"]).toContain('exec "$@"');
    expect(secret["env.CLAUDE_K8S_PROBE_FOLDER"]).toBe("/work");
  });

  it("ends and goes by itself, and is marked as no run's, the pod too", () => {
    const { job, secret, retain } = planProbe(asked(), { limitSec: 20 });
    expect(job.spec).toMatchObject({ activeDeadlineSeconds: 50, ttlSecondsAfterFinished: 30, suspend: true });
    expect(retain).toBe(false);
    for (const labels of [job.metadata?.labels, job.spec?.template.metadata?.labels, secret.metadata?.labels])
      expect(labels).toMatchObject({ [LABELS.probe]: "hello", [LABELS.adapterType]: "claude_k8s" });
  });
});

describe("Paperclip's own pod, which may not be looked at,", () => {
  const hostPodMissing = { kind: "unseen", why: "get pods was refused", fix: 'Grant the verb "get" on pods.' } as const;

  it("is not said to be absent when an image is missing: the right is named", () => {
    const plan = () => planRun(input({ hostPodMissing, config: { image: null } }));
    expect(plan).toThrow(/image: is not set, .*get pods was refused\. Grant the verb "get" on pods\./);
  });

  it("is named in the run's invocation: nothing is taken over from it", () => {
    const { meta, notes } = planRun(input({ hostPodMissing }));
    expect(meta.commandNotes?.join("\n")).toContain(
      "Nothing is taken over from Paperclip's own pod: get pods was refused",
    );
    expect(notes.join("\n")).not.toContain("taken over");
  });
});
