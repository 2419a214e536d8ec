/** A volume that is there only some minutes after the run wants it: the node tries again by itself, and so the run waits. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { LeapingClock, pass } from "./support/leaping-clock.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";
import { canAskWebhooks } from "./support/webhook.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

it("a volume whose folder comes after 100 s: the run tells what the node says, and goes on", async ({ skip }) => {
  if (!canAskWebhooks(place)) return skip("the node has no folders of this machine");
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(place.adminKubeconfig);
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const { namespace } = place;
  const name = `late-${namespace}`;
  const parent = await mkdtemp(join(tmpdir(), "late-volume-"));
  const path = join(parent, "volume");
  const capacity = { storage: "1Gi" };
  const accessModes = ["ReadWriteMany"];
  await core.createPersistentVolume({
    body: { metadata: { name }, spec: { capacity, accessModes, hostPath: { path, type: "Directory" } } },
  });
  const spec = { accessModes, storageClassName: "", volumeName: name, resources: { requests: capacity } };
  await core.createNamespacedPersistentVolumeClaim({ namespace, body: { metadata: { name }, spec } });
  const clock = new LeapingClock();
  const run = startRun(place, {
    agent: `cat >/dev/null; ${INIT}; ${RESULT}`,
    config: { homeClaim: name },
    dependencies: { clusters: new ClusterRegistry({ clock }) },
  });
  await run.event("k8s.pod.mount", /FailedMount: .*hostPath type check failed: .* is not a directory/);
  await pass(clock, 100 / 60);
  await mkdir(path, { mode: 0o777 });
  expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
  expect(await leftovers(place, run)).toEqual([]);
  await core.deleteNamespacedPersistentVolumeClaim({ namespace, name });
  await core.deletePersistentVolume({ name });
  await rm(parent, { recursive: true });
});
