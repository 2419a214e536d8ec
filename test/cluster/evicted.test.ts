/** A pod that its node evicts: what filled up is said, and nothing waits for a log that is gone. */
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import { pods } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, SESSION, startRun } from "./support/run.ts";
import { onDevcluster, usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

/** Milliseconds from the eviction to the run's end: no waiting brings the log back. */
const AT_ONCE_MS = 15_000;
/** Milliseconds until a kubelet has noticed that a pod takes too much (measured: about 15 s). */
const NOTICED_MS = 30_000;

it("a run that takes more of the disk than its pod may ends at once, and says so", async () => {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(place.adminKubeconfig);
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const { namespace } = place;
  const spec = { limits: [{ type: "Container", _default: { "ephemeral-storage": "20Mi" } }] };
  await core.createNamespacedLimitRange({ namespace, body: { metadata: { name: "disk" }, spec } });
  const run = startRun(place, {
    agent: `cat >/dev/null; ${INIT}; echo fills; head -c 40000000 /dev/zero > "$HOME/large"; exec sleep 600`,
  });
  await run.said("fills");
  const filling = Date.now();
  const result = await run.result;
  expect(Date.now() - filling).toBeLessThan(NOTICED_MS + AT_ONCE_MS);
  await core.deleteNamespacedLimitRange({ namespace, name: "disk" });
  expect(result).toMatchObject({ errorCode: "k8s_pod_disrupted", sessionId: SESSION });
  expect(result.errorMessage).toMatch(/evicted by its node .*ephemeral local storage usage exceeds .* 20Mi/);
  expect(result.errorMessage).toMatch(/What to do: .*(disk|storage)/i);
  expect(run.stdout()).not.toContain("unable to retrieve container logs");
  expect(await leftovers(place, run)).toEqual([]);
});

onDevcluster("a node that is short of something", () => {
  it.each([
    ["The node was low on resource: ephemeral-storage. ", /ephemeral-storage/],
    ["The node was low on resource: memory. ", /memory/],
  ])("says in the run: %s", async (message, words) => {
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; echo works; exec sleep 600` });
    await run.said("works");
    const labelSelector = `${LABELS.runId}=${run.runId}`;
    const [pod] = (await place.admin.list(pods, place.namespace, { labelSelector })).items;
    const name = { namespace: place.namespace, name: pod?.metadata.name ?? "" };
    await place.devcluster?.node.evict(name, message, { under: "pressure" });
    const ended = Date.now();
    const result = await run.result;
    expect(Date.now() - ended).toBeLessThan(AT_ONCE_MS);
    expect(result).toMatchObject({ errorCode: "k8s_pod_disrupted", sessionId: SESSION });
    expect(result.errorMessage).toMatch(words);
    expect(run.stdout()).not.toContain("unable to retrieve container logs");
    expect(await leftovers(place, run)).toEqual([]);
  });
});
