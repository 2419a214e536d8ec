/** Shapes of the adapter's Jobs by which a planned one may differ, as what is changed of it. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Container, PodSpec } from "kubernetes-types/core/v1";
import { broughtCli } from "../../../src/run/plan/cli.ts";

export interface Shape {
  readonly job: Job;
  readonly pod: PodSpec;
  readonly container: Container;
}

type Sidecar = Container & { restartPolicy?: string };

/** A recorder as the plan has it: without a variable, a home or a token, under a user of its own. */
export function recorder({ pod, container }: Shape, change: Partial<Sidecar> = {}): void {
  const { image, imagePullPolicy } = container;
  const sidecar: Sidecar = {
    name: "recorder",
    ...(image === undefined ? {} : { image }),
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    restartPolicy: "Always",
    command: ["/bin/sh", "/run/claude-k8s/start.sh"],
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      runAsNonRoot: true,
      runAsUser: 1001,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [{ name: "run", mountPath: "/run/claude-k8s", readOnly: true }],
    ...change,
  };
  pod.initContainers = [sidecar];
}

/** Claude Code from a second image, beside a recorder. */
export function copiedCli(shape: Shape, change: Partial<Sidecar> = {}): void {
  const { pod, container } = shape;
  const { initContainers: [copier] = [], volumes } = broughtCli({
    cli: "copy",
    cliImage: container.image ?? null,
    imagePullPolicy: "IfNotPresent",
  });
  recorder(shape);
  if (!copier) throw new Error("nothing copies");
  pod.volumes = [...(pod.volumes ?? []), ...volumes];
  pod.initContainers = [{ ...copier, ...change }, ...(pod.initContainers ?? [])];
}

/** A private home: parts of Paperclip's claim, some of them read-only. */
export function privateHome({ pod, container }: Shape): void {
  for (const volume of pod.volumes ?? [])
    if (volume.name === "home") {
      delete volume.emptyDir;
      volume.persistentVolumeClaim = { claimName: "paperclip-home" };
    }
  const others = (container.volumeMounts ?? []).filter(({ name }) => name !== "home");
  container.volumeMounts = [
    ...others,
    { name: "home", mountPath: "/paperclip", subPath: "claude_k8s/homes/company/agent" },
    { name: "home", mountPath: "/paperclip/workspaces/one", subPath: "workspaces/one" },
    { name: "home", mountPath: "/paperclip/companies/c/agents/a", subPath: "companies/c/agents/a", readOnly: true },
  ];
}
