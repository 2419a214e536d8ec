/** The reference: a Job as small as can be, of the same image, and a reader of its log. */
import { setTimeout as sleep } from "node:timers/promises";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, pods } from "../../src/kubernetes/resource-types.ts";
import { freshId } from "../../test/cluster/support/context.ts";
import type { StartPlace } from "./start-run.ts";

const LABEL = "bench.paperclip.io/job";
const AGAIN_MS = 5;

/** What a namespace with the `restricted` standard asks for. */
const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  runAsUser: 1000,
  seccompProfile: { type: "RuntimeDefault" },
};

/** Milliseconds from the Job's creation to the first line that a reader of its log has. */
export async function bareJob({ kubeconfig, namespace, image }: StartPlace): Promise<number> {
  const lease = await new ClusterRegistry().acquire({ kubeconfig });
  const { client } = lease;
  const name = `bare-${freshId()}`;
  try {
    const began = performance.now();
    const container = { name: "agent", image, command: ["sh", "-c", "echo line"], securityContext: RESTRICTED };
    await client.create(jobs, namespace, {
      metadata: { name },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels: { [LABEL]: name } },
          spec: { restartPolicy: "Never", containers: [container] },
        },
      },
    });
    for (;;) {
      const [pod] = (await client.list(pods, namespace, { labelSelector: `${LABEL}=${name}` })).items;
      const log = pod && { namespace, pod: pod.metadata.name, container: "agent", follow: true };
      const opening = log && (await client.openLog(log, new AbortController().signal));
      if (opening?.kind === "open") for await (const _ of opening.body) return performance.now() - began;
      await sleep(AGAIN_MS);
    }
  } finally {
    await client.delete(jobs, namespace, name);
    await lease.release();
  }
}
