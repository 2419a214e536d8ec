import { describe, expect, it } from "vitest";
import { jobs, pods, secrets } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

describe("a run", () => {
  it("47: hands on each line raw, once and in order, judges, and leaves nothing behind", async () => {
    const run = startRun(place, {
      agent: `prompt=$(cat); ${INIT}; for i in 1 2 3; do echo "{\\"n\\":$i}"; done; echo careful >&2; ${RESULT}`,
    });
    const result = await run.result;
    expect(result).toMatchObject({
      exitCode: 0,
      signal: null,
      timedOut: false,
      errorCode: null,
      sessionId: SESSION,
      model: "test-model",
      costUsd: 0.25,
      usage: { inputTokens: 7, outputTokens: 5 },
      summary: "all done",
      resultJson: { verdict: "completed", transcript: { complete: true, lines: 5 } },
    });
    const lines = run.stdout().trimEnd().split("\n");
    expect(lines.slice(1, 4)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect(lines).toHaveLength(5);
    expect(run.stderr()).toBe("careful\n");
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("gives the agent its prompt byte for byte, its arguments unchanged and its environment", async () => {
    const prompt = "first\\n \\c $(HOME) $$ 'q' \"d\" ü\n\nlast";
    const run = startRun(place, {
      agent: `${INIT}; echo "args: $*"; printf 'prompt: '; od -An -v -tx1 | tr -d ' \\n'; echo; echo "env: $MY_VALUE / $PAPERCLIP_RUN_ID / $PAPERCLIP_API_KEY"; ${RESULT}`,
      config: { promptTemplate: prompt, env: { MY_VALUE: "a $(HOME) $$ b" }, extraArgs: ["--x", "$(HOME)", "a'b"] },
    });
    await run.result;
    const line = (start: string) =>
      run
        .stdout()
        .split("\n")
        .find((text) => text.startsWith(start))
        ?.slice(start.length);
    expect(line("args: ")).toBe(
      "--print --output-format stream-json --verbose --dangerously-skip-permissions --model claude-opus-5 --x $(HOME) a'b",
    );
    expect(Buffer.from(line("prompt: ") ?? "", "hex").toString()).toBe(prompt);
    expect(line("env: ")).toBe(`a $(HOME) $$ b / ${run.runId} / ${run.token}`);
  });

  it("keeps every secret value out of Job and pod, and owns its Secret", async () => {
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; echo ready; while [ ! -e "$HOME/go" ]; do sleep 0.1; done`,
      config: { env: { TOKEN: "top-secret-value" }, promptTemplate: "the secret prompt" },
    });
    await run.said("ready");
    const labelSelector = `${LABELS.runId}=${run.runId}`;
    const [job] = (await place.admin.list(jobs, place.namespace, { labelSelector })).items;
    const [pod] = (await place.admin.list(pods, place.namespace, { labelSelector })).items;
    const [secret] = (await place.admin.list(secrets, place.namespace, { labelSelector })).items;
    for (const object of [job, pod])
      for (const value of ["top-secret-value", "the secret prompt", run.token])
        expect(JSON.stringify(object)).not.toContain(value);
    expect(secret?.immutable).toBe(true);
    expect(secret?.metadata.ownerReferences).toMatchObject([{ kind: "Job", uid: job?.metadata.uid }]);
    expect(pod?.spec?.automountServiceAccountToken).toBe(false);
    run.cancel();
    await run.result;
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("tells the host where the run is", async () => {
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}` });
    await run.result;
    const types = run.events.map(({ eventType }) => eventType);
    expect(types[0]).toBe("k8s.job.created");
    expect(types).toContain("k8s.pod.running");
    expect(types.at(-1)).toBe("k8s.pod.ended");
  });

  it("27: never names a process to the host, whose reaper would look for it on its own machine", async () => {
    const pids: unknown[] = [];
    const onSpawn = (meta: unknown): Promise<void> => {
      pids.push(meta);
      return Promise.resolve();
    };
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}`, context: { onSpawn } });
    expect(await run.result).toMatchObject({ exitCode: 0 });
    expect(pids).toEqual([]);
  });

  it("keeps its objects when told to, complete with the seal", async () => {
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}`, config: { retainJobs: true } });
    await run.result;
    const [job] = (await place.admin.list(jobs, place.namespace, { labelSelector: `${LABELS.runId}=${run.runId}` }))
      .items;
    expect(job?.metadata.deletionTimestamp).toBeUndefined();
    expect(job).toBeDefined();
  });
});
