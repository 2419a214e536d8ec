/**
 * Promise 2 on a cluster whose log API breaks: every line once and in order, or the gap named. The faults are the
 * devcluster's, so on a real cluster these tests are skipped; output.test.ts runs on both.
 */
import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { FaultAction } from "../../devcluster/src/index.ts";
import { openPlace, type Place } from "./support/place.ts";
import { INIT, RESULT, startRun, type TestRun } from "./support/run.ts";

let place: Place;
beforeAll(async () => {
  place = await openPlace();
}, 120_000);
afterEach(() => place.devcluster?.faults.clear());
afterAll(() => place.close());

const LOG = { path: /\/log$/ };
const FOLLOW = { path: /\/log$/, query: /follow=true/ };

/** Megabytes of the largest log. */
const LARGE_MB = Number(process.env.TRANSCRIPT_MB ?? 60);

/** Prints numbered lines; `pauseEvery` lines it waits for a tenth of a second. */
function printer(lines: number, pauseEvery: number): string {
  const script = `let at=0;const go=()=>{let out="";for(const end=Math.min(at+${pauseEvery},${lines});at<end;)out+=JSON.stringify({line:++at,x:"€é".repeat(at%40)})+"\\n";process.stdout.write(out);if(at<${lines})setTimeout(go,100)};go()`;
  return `cat >/dev/null; ${INIT}; node -e '${script}'; ${RESULT}`;
}

async function expectWhole(run: TestRun, lines: number): Promise<void> {
  const result = await run.result;
  const numbers = [...run.stdout().matchAll(/^\{"line":(\d+)/gm)].map(([, number]) => Number(number));
  expect(numbers.length).toBe(lines);
  expect(numbers.every((number, index) => number === index + 1)).toBe(true);
  const sha256 = createHash("sha256").update(run.stdout()).digest("hex");
  expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: lines + 2, sha256 });
}

describe("the transcript on a log API that breaks", () => {
  it.for<[string, FaultAction]>([
    ["is reset every 50 ms", { kind: "cut", end: "reset", afterMilliseconds: 50 }],
    ["is reset every 700 ms", { kind: "cut", end: "reset", afterMilliseconds: 700 }],
    ["is reset every 3,001 bytes", { kind: "cut", end: "reset", afterBytes: 3001 }],
    ["ends cleanly every 400 ms", { kind: "cut", end: "clean", afterMilliseconds: 400 }],
    ["stalls after 20,000 bytes", { kind: "stall", afterBytes: 20_000 }],
  ])("is whole when the stream %s", async ([, action], { skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    place.devcluster.faults.add({ match: FOLLOW, action });
    await expectWhole(startRun(place, { agent: printer(400, 10) }), 400);
  });

  it("is whole when every answer is cut, the last reading's too", async ({ skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    place.devcluster.faults.add({ match: LOG, action: { kind: "cut", end: "reset", afterBytes: 100_000 } });
    await expectWhole(startRun(place, { agent: printer(20_000, 20_000) }), 20_000);
  });

  it("is whole when reconnects are refused for a while", async ({ skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    const { faults } = place.devcluster;
    faults.add({ match: FOLLOW, action: { kind: "cut", end: "reset", afterBytes: 5000 }, count: 6 });
    for (const code of [500, 429, 503, 502, 504] as const) {
      faults.add({ match: FOLLOW, action: { kind: "respond", code, retryAfter: 1 }, count: 1, skip: 1 });
    }
    await expectWhole(startRun(place, { agent: printer(600, 20) }), 600);
  });

  it("has a line of 5 MiB among others, cut on its way", async ({ skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    place.devcluster.faults.add({
      match: FOLLOW,
      action: { kind: "cut", end: "reset", afterBytes: 1_500_000 },
      count: 5,
    });
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; head -c 5242880 /dev/zero | tr '\\0' z; echo; ${RESULT}`,
    });
    const result = await run.result;
    expect(run.stdout().split("\n")[1] === "z".repeat(5_242_880)).toBe(true);
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 3 });
  });

  it(`has ${LARGE_MB} MB in bounded chunks, or names exactly what rotation took`, { timeout: 300_000 }, async () => {
    const total = LARGE_MB * 1000;
    const marks = { missing: 0, wrong: 0 };
    let next = 1;
    let longest = 0;
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; node -e 'const line="x".repeat(990);let at=0;const go=()=>{while(at<${total})if(!process.stdout.write(JSON.stringify({n:++at,line})+"\\n"))return process.stdout.once("drain",go)};go()'; ${RESULT}`,
      context: {
        onLog: (stream, chunk) => {
          longest = Math.max(longest, chunk.length);
          for (const line of stream === "stdout" ? chunk.split("\n") : []) {
            const number = Number(/^\{"n":(\d+)/.exec(line)?.[1] ?? 0);
            const [, from, to] = /^\[paperclip\] \d+ lines? missing: (\d+)(?:–(\d+))?/.exec(line) ?? [];
            // The agent's first line is the init event, so line 2 of the transcript has number 1.
            if (number > 0 && number !== next++) marks.wrong++;
            if (!from) continue;
            marks.missing += Number(to ?? from) - Number(from) + 1;
            if (Number(from) !== next + 1) marks.wrong++;
            next = Number(to ?? from);
          }
          return Promise.resolve();
        },
      },
    });
    const transcript = (await run.result).resultJson?.transcript;
    expect(marks.wrong).toBe(0);
    expect(longest).toBeLessThan(65_536);
    expect(transcript).toMatchObject({ complete: marks.missing === 0, lines: total + 2 - marks.missing });
  });
});
