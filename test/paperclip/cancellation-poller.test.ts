import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CancellationPoller } from "../../src/paperclip/cancellation-poller.ts";
import { CompanyApi, RoundClock } from "./support/company-api.ts";

let api: CompanyApi;
let url: string;
let clock: RoundClock;
let poller: CancellationPoller;
const cancelled: string[] = [];
const denied: string[] = [];

beforeEach(async () => {
  api = new CompanyApi();
  url = await api.start();
  clock = new RoundClock();
  poller = new CancellationPoller({ clock, random: () => 0.5 });
  cancelled.length = 0;
  denied.length = 0;
});
afterEach(() => api.stop());

function watch(runId: string, { status = "running", companyId = "c", token = `token-of-${runId}` } = {}): () => void {
  api.statuses.set(runId, status);
  return poller.watch({
    url,
    companyId,
    runId,
    token,
    onCancelled: (word) => cancelled.push(`${runId} ${word}`),
    onDenied: (why) => denied.push(`${runId} ${why}`),
  });
}

const many = (count: number) => Array.from({ length: count }, (_, index) => `run-${index}`);

describe("the records of all runs of a company", () => {
  it("are asked for in one request each round, which comes within ten seconds", async () => {
    for (const run of many(100)) watch(run);
    const from = clock.now();
    await clock.passAll(10);
    expect(api.asked).toHaveLength(10);
    expect(clock.now() - from).toBeLessThan(10 * 10_000);
    expect(api.asked[0]).toBe("token-of-run-99 /api/companies/c/heartbeat-runs?summary=true&limit=200");
    expect(cancelled).toEqual([]);
  });

  it.each(["cancelled", "cancelling"])("lesson 2: %s stops its run, once, and no other", async (status) => {
    for (const run of many(3)) watch(run);
    api.statuses.set("run-1", status);
    await clock.passAll(3);
    expect(cancelled).toEqual([`run-1 ${status}`]);
  });

  it.each([
    ...["queued", "pending", "scheduled_retry", "running", "a word of tomorrow", "Cancelled", "canceled"],
    ...["succeeded", "failed", "timed_out", "interrupted", "completed", "unknown"],
  ])("lesson 2: %s stops nothing", async (status) => {
    watch("run", { status });
    await clock.passAll(3);
    expect(cancelled).toEqual([]);
  });

  it("are one list for each company, and one for each Paperclip", async () => {
    watch("one");
    watch("two", { companyId: "d" });
    await clock.pass();
    const paths = api.asked.map((line) => line.split(" ")[1]?.split("?")[0]);
    expect(paths.toSorted()).toEqual(["/api/companies/c/heartbeat-runs", "/api/companies/d/heartbeat-runs"]);
  });

  it("are read one by one where they are older than the list", async () => {
    for (const run of many(3)) watch(run);
    api.older.add("run-1");
    api.statuses.set("run-1", "cancelled");
    await clock.pass();
    expect(api.asked).toHaveLength(2);
    expect(cancelled).toEqual(["run-1 cancelled"]);
  });

  it("are not asked for any more when no run is left, and again when one comes", async () => {
    const leave = watch("run");
    await clock.pass();
    leave();
    leave();
    expect(api.asked).toHaveLength(1);
    watch("next");
    await clock.pass();
    expect(api.asked).toHaveLength(2);
  });
});

describe("a Paperclip without the list", () => {
  it.each([404, 405])("(%i): 100 runs cost as much as ten, and each has its turn", async (status) => {
    api.list = status;
    for (const run of many(100)) watch(run);
    await clock.passAll(10);
    const reads = api.asked.filter((line) => line.includes("/api/heartbeat-runs/"));
    expect(reads).toHaveLength(100);
    expect(new Set(reads).size).toBe(100);
    expect(api.asked.length - reads.length).toBe(1);
    api.statuses.set("run-42", "cancelled");
    await clock.passAll(10);
    expect(cancelled).toEqual(["run-42 cancelled"]);
  });

  it("shares the bound among its companies", async () => {
    api.list = 404;
    for (const run of many(30)) watch(run, { companyId: `company-${Number(run.slice(4)) % 3}` });
    await clock.passAll(3);
    const reads = api.asked.filter((line) => line.includes("/api/heartbeat-runs/"));
    expect(new Set(reads).size).toBe(30);
    expect(reads).toHaveLength(30);
  });
});

describe("a token that Paperclip denies", () => {
  it.each([401, 403])("(%i) is replaced by that of another run, and nobody is told", async (status) => {
    for (const run of many(5)) watch(run);
    for (const run of ["run-4", "run-3", "run-2"]) api.denied.set(`token-of-${run}`, status);
    await clock.passAll(2);
    api.statuses.set("run-4", "cancelled");
    await clock.pass();
    expect(cancelled).toEqual(["run-4 cancelled"]);
    expect(denied).toEqual([]);
    expect(api.asked.at(-1)).toContain("token-of-run-1 /api/companies/");
  });

  it("is told to each run once when there is no other, and tried again after ten minutes", async () => {
    for (const run of many(2)) {
      watch(run);
      api.denied.set(`token-of-${run}`, 401);
    }
    await clock.passAll(20);
    expect(denied.toSorted()).toEqual(many(2).map((run) => `${run} Paperclip does not accept the token (401)`));
    const asked = api.asked.length;
    expect(asked).toBeLessThanOrEqual(4);
    api.denied.clear();
    api.statuses.set("run-0", "cancelled");
    await clock.passAll(80);
    expect(cancelled).toEqual(["run-0 cancelled"]);
    expect(denied).toHaveLength(2);
  });

  it("is told to a run that comes later, too", async () => {
    api.denied.set("same", 403);
    watch("first", { token: "same" });
    await clock.passAll(2);
    watch("second", { token: "same" });
    await clock.passAll(2);
    expect(denied.map((line) => line.split(" ")[0])).toEqual(["first", "second"]);
  });
});

describe("a Paperclip that is away", () => {
  it.each([429, 500, 503])(
    "(%i) is asked less and less often, at least each minute, and stops nothing",
    async (status) => {
      for (const run of many(20)) watch(run);
      api.failure = status;
      const from = clock.now();
      await clock.passAll(70);
      const minutes = (clock.now() - from) / 60_000;
      expect(api.asked.length).toBeGreaterThanOrEqual(minutes);
      expect(api.asked.length).toBeLessThan(minutes + 6);
      expect([...cancelled, ...denied]).toEqual([]);
      api.failure = null;
      api.statuses.set("run-7", "cancelled");
      await clock.passAll(8);
      expect(cancelled).toEqual(["run-7 cancelled"]);
    },
  );

  it("may be gone altogether, or silent", async () => {
    const silent = new CancellationPoller({ clock, random: () => 0, timeoutMs: 30 });
    const address = url.replace(/\d+$/, "1");
    silent.watch({ url: address, companyId: "c", runId: "r", token: "t", onCancelled: fail, onDenied: fail });
    silent.watch({ url: "no address", companyId: "c", runId: "r", token: "t", onCancelled: fail, onDenied: fail });
    await clock.passAll(5);
  });
});

const fail = (): void => expect.fail("nothing was said of this run");
