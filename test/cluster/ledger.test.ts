/** What a run used is on Paperclip's ledger once: not by a run and its successor, and not by nobody. */
import { expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { Rounds } from "../../src/run/supervise/places/rounds.ts";
import { superviseOnce } from "../../src/run/supervise/supervise.ts";
import { freshId, SERVER_ENV } from "./support/context.ts";
import { finished } from "./support/finished.ts";
import { leftovers } from "./support/leftovers.ts";
import { loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const told: string[] = [];
/** As another process would. */
async function supervise(): Promise<void> {
  const { kubeconfig, namespace, paperclip } = place;
  await superviseOnce({
    dependencies: { env: SERVER_ENV, clusters: new ClusterRegistry(), paperclipUrl: () => paperclip.url },
    places: [{ cluster: { kubeconfig }, namespace }],
    tell: (message) => void told.push(message),
    rounds: new Rounds({ now: Date.now }),
    signal: new AbortController().signal,
  });
}

it("is entered for a lost run whose task is over, by one of two processes, and not again by who takes it over", async () => {
  const { paperclip } = place;
  const taskId = `task-${freshId()}`;
  const agent = `cat >/dev/null; ${INIT}; echo first; sleep 1; ${RESULT}`;
  const lost = await loseRun(place, { agent, after: "first", wake: { taskId } });
  paperclip.setTask(taskId, "done");
  // The agent has closed its task, and is not done with its turn.
  await supervise();
  expect(paperclip.costs).toEqual([]);
  await finished(place, lost.agentId);
  await Promise.all([supervise(), supervise()]);
  await supervise();
  expect(paperclip.costs).toEqual([
    {
      agentId: lost.agentId,
      heartbeatRunId: lost.runId,
      issueId: taskId,
      provider: "anthropic",
      biller: "anthropic",
      billingType: "unknown",
      costStatus: "reported",
      model: "test-model",
      inputTokens: 7,
      cachedInputTokens: 0,
      outputTokens: 5,
      costCents: 25,
      occurredAt: expect.stringMatching(/Z$/),
    },
  ]);
  expect(paperclip.wakeups.filter(({ agentId }) => agentId === lost.agentId)).toEqual([]);
  expect(told.join("\n")).toContain(`What run ${lost.runId} used (25 cents, 7 tokens in, 5 out`);
  // A comment takes the task up again.
  const run = startRun(place, { agent, agentId: lost.agentId, wake: { taskId } });
  const result = await run.result;
  expect(result).toMatchObject({ exitCode: 0, sessionId: SESSION, costUsd: null });
  expect(result.usage).toBeUndefined();
  expect(await leftovers(place, lost)).toEqual([]);
});

it("is left to the run that takes over, by one that leaves an agent which goes on after a result", async () => {
  const agent = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; ${RESULT}; ${INIT}; echo more; while :; do sleep 0.1; done`;
  const first = startRun(place, { agent });
  await first.said("more");
  first.cancel("Legacy controller lease lost");
  const left = await first.result;
  expect(left).toMatchObject({ errorCode: "k8s_controller_detached", costUsd: null });
  expect(left.usage).toBeUndefined();
  place.paperclip.set(first.runId, "interrupted");
  const second = startRun(place, { agent: "exit 1", agentId: first.agentId });
  await second.said("more");
  second.cancel();
  expect(await second.result).toMatchObject({ costUsd: 0.25, usage: { inputTokens: 7, outputTokens: 5 } });
});
