/** `limits.jobs`: no more Jobs at once than the operator's policy allows, in the order of arrival. */
import { describe, expect, it } from "vitest";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { nameOf } from "../../src/run/shared/job-state.ts";
import { leftovers } from "./support/leftovers.ts";
import { bounded, end, type Line, onTask, runOf, SHORT, useLine, WORKS } from "./support/line.ts";
import { freshId, type TestRun } from "./support/run.ts";

let line: Line;
useLine((made) => {
  line = made;
});

describe("one place", () => {
  it("is taken in the order of arrival, and who waits is told for what and by whose rule", async () => {
    const agentId = `agent-${freshId()}`;
    const dependencies = bounded({ perAgent: 1 });
    const first = line.start({ agent: WORKS, dependencies, ...onTask(agentId, 0) });
    await first.said("ready");
    const waiting = Array.from({ length: 4 }, (_, index) =>
      line.start({ agent: WORKS, dependencies, ...onTask(agentId, index + 1) }),
    );
    const told = await Promise.all(waiting.map((run) => run.event("k8s.run.waiting")));
    for (const { message, payload } of told) {
      expect(message).toMatch(
        /^Waiting for a turn: 1 Job of this agent runs, and the operator's policy allows 1 at once/,
      );
      expect(message).toContain(
        "can change limits.jobs.perAgent (/etc/paperclip-k8s/policy.yaml, PAPERCLIP_K8S_POLICY)",
      );
      expect(payload).toMatchObject({ rule: "limits.jobs.perAgent", max: 1, running: 1, since: expect.any(String) });
    }
    const order = await line.jobs();
    expect(order).toHaveLength(4);
    await end(first);
    for (const job of order) {
      const next = runOf(job, waiting);
      await next.said("ready");
      expect(next.statuses.join("\n")).toContain("Waiting for a turn: ");
      expect(next.events.map(({ eventType }) => eventType)).toContain("k8s.run.waited");
      await end(next);
    }
    expect(line.sampled.most).toBe(1);
    expect(line.sampled.started.slice(1)).toEqual(order.map(nameOf));
    expect(await leftovers(line.place, { agentId })).toEqual([]);
  }, 120_000);

  it("is not held by an agent's own line where another agent has room", async () => {
    const [A, B] = [`agent-${freshId()}`, `agent-${freshId()}`];
    const dependencies = bounded({ perAgent: 1, perNamespace: 2 });
    const first = line.start({ agent: WORKS, dependencies, ...onTask(A, 0) });
    await first.said("ready");
    const second = line.start({ agent: WORKS, dependencies, ...onTask(A, 1) });
    await second.event("k8s.run.waiting", /of this agent/);
    const other = line.start({ agent: WORKS, dependencies, ...onTask(B, 2) });
    await other.said("ready");
    const third = line.start({ agent: WORKS, dependencies, ...onTask(`agent-${freshId()}`, 3) });
    await third.event("k8s.run.waiting", /2 Jobs in this namespace run, and the operator's policy allows 2/);
    const [earlier, later] = (await line.jobs()).map((job) => runOf(job, [second, third])) as [TestRun, TestRun];
    await end(first);
    await earlier.said("ready");
    await end(other);
    await later.said("ready");
    expect(line.sampled.most).toBe(2);
  }, 120_000);

  it("can be waited for in vain: Stop is obeyed at once, and nothing is left", async () => {
    const agentId = `agent-${freshId()}`;
    const dependencies = bounded({ perCompany: 1 });
    const first = line.start({ agent: WORKS, dependencies, ...onTask(agentId, 0) });
    await first.said("ready");
    // Its own time does not begin before its agent does.
    const second = line.start({ agent: SHORT, dependencies, config: { timeoutSec: 60 }, ...onTask(agentId, 1) });
    await second.event("k8s.run.waiting", /of this company/);
    await end(second);
    expect(await leftovers(line.place, { runId: second.runId })).toEqual([]);
    await end(first);
  }, 120_000);

  it("is given up by a Job that somebody deletes, and its run says so", async () => {
    const agentId = `agent-${freshId()}`;
    const dependencies = bounded({ perAgent: 1 });
    const first = line.start({ agent: WORKS, dependencies, ...onTask(agentId, 0) });
    await first.said("ready");
    const second = line.start({ agent: SHORT, dependencies, ...onTask(agentId, 1) });
    await second.event("k8s.run.waiting");
    const [job] = await line.jobs();
    await line.place.admin.delete(jobs, line.place.namespace, nameOf(job ?? {}), {});
    expect(await second.result).toMatchObject({
      errorCode: "k8s_job_deleted_externally",
      errorMessage: expect.stringMatching(/was deleted while it waited for its turn/),
    });
    await end(first);
  }, 120_000);
});
