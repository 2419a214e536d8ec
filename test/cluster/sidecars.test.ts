/** Containers that the cluster injects beside the agent's: the run is the agent's, whatever they do. */
import { afterEach, describe, expect, it } from "vitest";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { policyOf } from "../support/policy.ts";
import { variant } from "../support/variant.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, SESSION, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";
import { canAskWebhooks, registerWebhook, startWebhook } from "./support/webhook.ts";

let place: Place;
const undo: (() => Promise<unknown>)[] = [];
usePlace((opened) => {
  place = opened;
});
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** Milliseconds: a run does not wait for the grace of a container that is not its agent's. */
const SECONDS_MS = 15_000;
const GRACE_SEC = 30;
const NEVER_ENDS = "trap '' TERM; while :; do sleep 0.1; done";
const ENDS_WHEN_TOLD = "trap 'exit 0' TERM; while :; do sleep 0.1; done";

interface Injected {
  readonly name: string;
  readonly script: string;
  readonly native?: boolean;
}

/** From now on each pod of the namespace gets these as well. */
async function inject(containers: readonly Injected[]): Promise<void> {
  const patch = containers.map(({ name, script, native }) => ({
    op: "add",
    path: native ? "/spec/initContainers" : "/spec/containers/-",
    value: native ? [{ ...container(name, script), restartPolicy: "Always" }] : container(name, script),
  }));
  const webhook = await startWebhook(() => ({ patch }));
  undo.push(() => webhook.close());
  undo.push(await registerWebhook(place, "Mutating", "pods", webhook.clientConfig));
}

const container = (name: string, script: string) => ({
  name,
  image: place.image,
  command: ["sh", "-c", script],
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
});

/** Its answer alone is longer than what four containers may say when they end. */
const LONG_RESULT = `echo '{"type":"result","subtype":"success","is_error":false,"session_id":"${SESSION}","num_turns":1,"total_cost_usd":0.25,"usage":{"input_tokens":7,"output_tokens":5},"result":"${"long ".repeat(700)}"}'`;
const AGENT = `cat >/dev/null; ${INIT}; ${LONG_RESULT}`;
const COMPLETED = { exitCode: 0, errorCode: null, sessionId: SESSION, costUsd: 0.25 };

describe("a sidecar", () => {
  it.for([
    ["that never ends", { name: "istio-proxy", script: NEVER_ENDS }],
    ["that ends with an error before the agent", { name: "istio-proxy", script: "exit 1" }],
    ["that is native", { name: "istio-proxy", script: ENDS_WHEN_TOLD, native: true }],
    ["that is native and never ends", { name: "istio-proxy", script: NEVER_ENDS, native: true }],
  ] as const)("%s: the run ends with its agent, and everything goes", async ([, sidecar], { skip }) => {
    if (!canAskWebhooks(place)) return skip("the API server cannot reach this machine");
    await inject([sidecar]);
    const began = Date.now();
    const run = startRun(place, { agent: AGENT, config: { graceSec: GRACE_SEC } });
    expect(await run.result).toMatchObject(COMPLETED);
    expect(Date.now() - began).toBeLessThan(SECONDS_MS);
    // The Job goes at once; its pod has the sidecar's grace.
    expect((await place.admin.list(jobs, place.namespace, { labelSelector: labelOf(run) })).items).toEqual([]);
  });

  const SEPARATE = {
    dependencies: { readPolicy: () => Promise.resolve(policyOf({ trust: "full", recorder: "separate" })) },
  };

  it("that never ends, beside a recorder: the run ends with its agent, and the record is whole", async ({ skip }) => {
    if (!canAskWebhooks(place)) return skip("the API server cannot reach this machine");
    await inject([{ name: "istio-proxy", script: NEVER_ENDS }]);
    const began = Date.now();
    const run = startRun(place, { agent: AGENT, config: { graceSec: GRACE_SEC }, ...SEPARATE });
    const result = await run.result;
    expect(Date.now() - began).toBeLessThan(SECONDS_MS);
    expect(result, result.errorMessage ?? "").toMatchObject(COMPLETED);
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 2 });
  });

  // The kubelet tells how the containers of a pod that is deleted ended once all have; the log says it at once.
  it.for([
    ["", {}, "node", { complete: true, lines: 3 }],
    [", with a recorder", SEPARATE, "node", { complete: true, lines: 3 }],
    [", in an image without Node", {}, "sh", { complete: false, lines: 4 }],
  ] as const)(
    "that never ends: a run that is stopped%s ends with its agent, and its Job goes",
    async (form, { skip }) => {
      const [, options, runner, transcript] = form;
      if (!canAskWebhooks(place)) return skip("the API server cannot reach this machine");
      const image = runner === "sh" ? place.shImage : place.image;
      if (!image) return skip("no image without Node");
      await inject([{ name: "istio-proxy", script: NEVER_ENDS }]);
      const agent = `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo note >&2; echo ready; while :; do sleep 0.1; done`;
      const run = startRun({ ...place, image }, { agent, config: { graceSec: GRACE_SEC }, ...options });
      await run.said("ready");
      const stopped = Date.now();
      run.cancel();
      const result = await run.result;
      expect(Date.now() - stopped).toBeLessThan(SECONDS_MS);
      expect(result, result.errorMessage ?? "").toMatchObject({
        ...{ errorCode: "cancelled", exitCode: 143, sessionId: SESSION },
        resultJson: { executionCancellation: { state: "acknowledged" }, transcript },
      });
      expect(result.errorMessage).toContain("at the end of the log");
      expect(run.stdout()).toContain("ready\nsaved\n");
      expect((await place.admin.list(jobs, place.namespace, { labelSelector: labelOf(run) })).items).toEqual([]);
    },
  );
});

const labelOf = ({ runId }: { readonly runId: string }): string => `${LABELS.runId}=${runId}`;

describe("four containers, which share 12 KiB of termination messages", () => {
  const four = ["a", "b", "c"].map((name) => ({ name, script: "exit 0" }));

  it("leave a seal that proves transcript, session and cost", async ({ skip }) => {
    if (!canAskWebhooks(place)) return skip("the API server cannot reach this machine");
    await inject(four);
    const run = startRun(place, { agent: AGENT });
    const result = await run.result;
    expect(result).toMatchObject(COMPLETED);
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 2 });
    expect(await leftovers(place, run)).toEqual([]);
  });

  variant(
    "or forty leave one that is cut before its count: the run is judged, and says why nothing is proven",
    async ({ skip }) => {
      if (!canAskWebhooks(place)) return skip("the API server cannot reach this machine");
      await inject(Array.from({ length: 40 }, (_, index) => ({ name: `more-${index}`, script: "exit 0" })));
      const run = startRun(place, { agent: AGENT });
      const result = await run.result;
      expect(result).toMatchObject(COMPLETED);
      expect(result.resultJson?.transcript).toMatchObject({
        complete: false,
        lines: 2,
        unproven: expect.stringContaining("cut the runner's seal"),
      });
      expect(await leftovers(place, run)).toEqual([]);
    },
  );

  variant("leave one that judges the run when the log cannot be read", async ({ skip }) => {
    const { devcluster } = place;
    if (!devcluster) return skip("faults are the devcluster's");
    await inject(four);
    const fault = devcluster.faults.add({ match: { path: /\/log$/ }, action: { kind: "respond", code: 403 } });
    const run = startRun(place, { agent: AGENT });
    const result = await run.result;
    fault.remove();
    expect(result, result.errorMessage ?? "").toMatchObject(COMPLETED);
    expect(result.resultJson?.transcript).toMatchObject({ complete: false });
    expect(await leftovers(place, run)).toEqual([]);
  });
});
