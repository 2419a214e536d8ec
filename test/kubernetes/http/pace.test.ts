import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Pace } from "../../../src/kubernetes/http/pace.ts";
import { jobs } from "../../../src/kubernetes/resource-types.ts";
import { json, type Reply, refuse } from "../support/api-server.ts";
import { ManualClock } from "../support/clocks.ts";
import { clientOf, JOB } from "../support/one-client.ts";

/** A call that ends when it is told to. */
function held() {
  const end = Promise.withResolvers<string>();
  let begun = false;
  const call = () => {
    begun = true;
    return end.promise;
  };
  return { call, end, isBegun: () => begun };
}

describe("calls at their pace", () => {
  test("so many at once, the others in order, also after one that failed", async () => {
    const pace = new Pace(2, new ManualClock());
    const calls = Array.from({ length: 4 }, held);
    const results = calls.map(({ call }) => pace.run(call, undefined));
    results[0]?.catch(() => undefined);
    const begun = async () => {
      await turn();
      return calls.map(({ isBegun }) => isBegun());
    };
    expect(await begun()).toEqual([true, true, false, false]);
    calls[0]?.end.reject(new Error("refused"));
    expect(await begun()).toEqual([true, true, true, false]);
    for (const { end } of calls) end.resolve("done");
    expect(await Promise.all(results.slice(1))).toEqual(["done", "done", "done"]);
    await expect(results[0]).rejects.toThrow("refused");
  });

  test("one that is given up while it waits is not begun, and takes no place", async () => {
    const pace = new Pace(1, new ManualClock());
    const [first, given, last] = [held(), held(), held()];
    const stop = new AbortController();
    const running = pace.run(first.call, undefined);
    const gone = pace.run(given.call, stop.signal);
    const waiting = pace.run(last.call, undefined);
    stop.abort(new Error("stopped"));
    await expect(gone).rejects.toThrow("stopped");
    first.end.resolve("first");
    last.end.resolve("last");
    expect(await Promise.all([running, waiting])).toEqual(["first", "last"]);
    expect(given.isBegun()).toBe(false);
  });

  test("none while the server has asked to be left alone", async () => {
    const clock = new ManualClock();
    const pace = new Pace(2, clock);
    const call = held();
    pace.pause(5000);
    const running = pace.run(call.call, undefined);
    await turn();
    expect(call.isBegun()).toBe(false);
    clock.advance(5000);
    await turn();
    expect(call.isBegun()).toBe(true);
    call.end.resolve("done");
    await running;
  });
});

describe("a thousand runs that start together", () => {
  test("create no more Jobs at once than the server is to have, and stop without waiting", async () => {
    const open: Reply[] = [];
    let most = 0;
    const { client, server } = await clientOf((request, reply) => {
      if (request.method !== "POST") return json(reply, 200, JOB);
      most = Math.max(most, open.push(reply));
      return undefined;
    });
    const created = Array.from({ length: 100 }, () => client.create(jobs, "runs", JOB));
    while (server.seen.length < 16) await turn();
    await client.patch(jobs, "runs", "run-1", { spec: { suspend: true } });
    for (let answered = 0; answered < 100; await turn())
      for (const reply of open.splice(0)) {
        json(reply, 201, JOB);
        answered += 1;
      }
    await Promise.all(created);
    expect(most).toBe(16);
  });

  test("leave a server alone that says so to one of them", async () => {
    const { client, clock } = await clientOf(
      (_, reply) => refuse(reply, 429, "TooManyRequests", "slow down", { "retry-after": "7" }),
      { retryForMs: 0 },
    );
    await expect(client.create(jobs, "runs", JOB)).rejects.toThrow("slow down");
    await expect(client.create(jobs, "runs", JOB)).rejects.toThrow("slow down");
    expect(clock.slept).toEqual([7000]);
  });
});
