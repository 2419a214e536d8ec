/** A pod on a real cluster whose container has printed a log and ended. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "kubernetes-types/core/v1.js";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { openCluster } from "../../src/kubernetes/cluster.ts";
import { pods } from "../../src/kubernetes/resource-types.ts";
import type { Seal } from "../../src/runner/seal.ts";
import type { Place } from "./read.ts";
import { printing, sealOf } from "./stored-log.ts";

/** The runtime's own words before each line. */
const HEAD_BYTES = 45;

export interface RealCluster {
  readonly kubeconfig: string;
  readonly namespace: string;
  /** With Node. */
  readonly image: string;
}

export interface RealLog extends AsyncDisposable {
  readonly place: Place;
  readonly seal: Seal;
  /** With stamps, as it is read. */
  readonly bytes: number;
}

/** @param bytes of the kubelet's file; beyond 10 MiB only where the kubelet is told to keep more of a log (containerLogMaxSize) */
export async function printedLog(cluster: RealCluster, bytes: number, lineBytes: number): Promise<RealLog> {
  const { namespace, image } = cluster;
  const opened = await openCluster({ kubeconfig: cluster.kubeconfig });
  const client = new KubernetesClient(opened);
  const name = `log-path-${lineBytes}-${Date.now().toString(36)}`;
  const lines = Math.floor(bytes / (lineBytes + HEAD_BYTES));
  await client.create(pods, namespace, podOf(name, image, printing(lines, lineBytes)));
  const remove = async (): Promise<void> => {
    await client.delete(pods, namespace, name);
    await opened.close();
  };
  for (;;) {
    const { status } = await client.get(pods, namespace, name);
    if (status?.phase === "Succeeded") break;
    if (status?.phase === "Failed") throw new Error(`pod ${name} failed`);
    await sleep(200);
  }
  const seal = sealOf(lines, lineBytes);
  // A stamp and a space, the number and a bar.
  const stamped = Array.from({ length: lines }, (_, n) => 31 + String(n + 1).length + 1).reduce(
    (sum, each) => sum + each,
    0,
  );
  return {
    place: { namespace, pod: name, container: "main" },
    seal,
    bytes: stamped + (seal.stdout?.bytes ?? 0),
    [Symbol.asyncDispose]: remove,
  };
}

function podOf(name: string, image: string, program: string): Pod {
  const container = {
    name: "main",
    image,
    command: ["node", "-e", program],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
  const securityContext = { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { restartPolicy: "Never", securityContext, containers: [container] },
  };
}
