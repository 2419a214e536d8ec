import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Pace } from "../../../src/kubernetes/http/pace.ts";
import { configMaps, jobs, selfSubjectAccessReviews } from "../../../src/kubernetes/resource-types.ts";
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

describe("a clock that is set back while the server is left alone", () => {
  /** Each sleep takes its time, and nothing else does. */
  async function startsAfter(setBackMs: number): Promise<number> {
    let now = 10 * 3_600_000;
    let slept = 0;
    const sleep = async (ms: number) => {
      slept += ms;
      now += ms;
    };
    const pace = new Pace(1, { now: () => now, sleep });
    pace.pause(7000);
    now -= setBackMs;
    const starts = Array.from({ length: 20 }, () => pace.run(async () => undefined, undefined));
    await Promise.all(starts);
    return slept;
  }

  test.each([
    [0, 7000],
    [3_600_000, 60_000],
  ])("by %i ms: all go after %i ms", async (setBackMs, ms) => {
    expect(await startsAfter(setBackMs)).toBe(ms);
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

  test("are waited for by the lists of their claims, and by no other call", async () => {
    const open: Reply[] = [];
    const LIST = { items: [JOB], metadata: { resourceVersion: "7" } };
    const { client, server } = await clientOf((seen, reply) => {
      if (seen.method === "GET") return json(reply, 200, seen.url.pathname.endsWith("/run-1") ? JOB : LIST);
      const storesNothing = seen.url.searchParams.has("dryRun") || seen.url.pathname.endsWith("reviews");
      if (seen.method !== "POST" || storesNothing) return json(reply, 200, JOB);
      open.push(reply);
      return undefined;
    });
    const created = Array.from({ length: 100 }, () => client.create(jobs, "runs", JOB));
    while (open.length < 16) await turn();
    let isListed = false;
    const claim = client.list(jobs, "runs", { labelSelector: "agent=a", paced: true }).then(() => {
      isListed = true;
    });
    await client.list(jobs, "runs");
    await client.find(jobs, "runs", "run-1");
    await client.delete(jobs, "runs", "run-1");
    await client.create(configMaps, "runs", JOB, { dryRun: true });
    await client.create(selfSubjectAccessReviews, undefined, { spec: {} });
    expect([open.length, isListed]).toEqual([16, false]);
    expect(server.seen.filter(({ url }) => url.searchParams.get("labelSelector") === "agent=a")).toEqual([]);
    for (let answered = 0; answered < 100; await turn())
      for (const reply of open.splice(0)) {
        json(reply, 201, JOB);
        answered += 1;
      }
    await Promise.all([claim, ...created]);
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

describe("a call that waits for its turn", () => {
  const away = (reply: Reply) => refuse(reply, 503, "ServiceUnavailable", "starting", { "retry-after": "1" });

  test("is retried for as long afterwards as one that did not", async () => {
    const held = Promise.withResolvers<Reply>();
    let calls = 0;
    const { client, clock } = await clientOf(
      ({ body }, reply) => {
        if (body.includes("first")) return held.resolve(reply);
        return ++calls === 1 ? away(reply) : json(reply, 201, JOB);
      },
      { callsAtOnce: 1 },
    );
    const first = client.create(jobs, "runs", { metadata: { name: "first" } });
    const reply = await held.promise;
    const second = client.create(jobs, "runs", JOB);
    await clock.sleep(70_000);
    json(reply, 201, JOB);
    expect((await second).metadata.name).toBe("run-1");
    expect(calls).toBe(2);
    await first;
  });

  test("so is one that waits for it between two attempts", async () => {
    const held = Promise.withResolvers<Reply>();
    let other: Promise<unknown> | undefined;
    let calls = 0;
    const { client, clock } = await clientOf(
      ({ body }, reply) => {
        if (body.includes("other")) return held.resolve(reply);
        // It has the place as soon as this attempt is over.
        other ??= client.create(jobs, "runs", { metadata: { name: "other" } });
        return ++calls < 3 ? away(reply) : json(reply, 201, JOB);
      },
      { callsAtOnce: 1 },
    );
    const call = client.create(jobs, "runs", JOB);
    const reply = await held.promise;
    // Its wait for another attempt is over, and so it stands in the queue.
    while (clock.slept.length === 0) await turn();
    await turn();
    await clock.sleep(70_000);
    json(reply, 201, JOB);
    expect((await call).metadata.name).toBe("run-1");
    expect(calls).toBe(3);
    await other;
  });
});
