/**
 * Promise 2 to its end: `complete` means that Paperclip has the lines. What it did not take is named, and what nobody could
 * read is not called silence.
 */
import { afterEach, describe, expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { eventually } from "../kubernetes/support/eventually.ts";
import { some } from "../support/thoroughness.ts";
import { LeapingClock, pass } from "./support/leaping-clock.ts";
import { podOf, untilLogged } from "./support/node-log.ts";
import { printNumbered } from "./support/numbered.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

interface Transcript {
  readonly missing: readonly {
    readonly from: number;
    readonly to: number;
    readonly cause: string;
    readonly why: string;
  }[];
}

let place: Place;
usePlace((opened) => {
  place = opened;
});
afterEach(() => place.devcluster?.faults.clear());

const WITHIN_MS = 60_000;
const LOG = { path: /\/log$/ };

describe("what Paperclip did not take", () => {
  it("is named by its lines when onLog rejects a chunk", async () => {
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; for i in 1 2 3; do sleep 0.3; echo "{\\"n\\":$i}"; done; sleep 0.3; ${RESULT}`,
      context: {
        onLog: (_, chunk) =>
          chunk.includes('{"n":2}') ? Promise.reject(new Error("no space left")) : Promise.resolve(),
      },
    });
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: null, summary: "all done" });
    const why = "Paperclip did not take them: no space left";
    expect(result.resultJson?.transcript).toEqual({
      complete: false,
      lines: 4,
      missing: [{ channel: "stdout", from: 3, to: 3, cause: "undelivered", why }],
    });
  });

  it("is named to the last line when a slow host does not wait any more", async () => {
    let taken = 0;
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; ${printNumbered(1, 20_000, { width: 60 })}; ${RESULT}`,
      context: {
        onLog: async (stream, chunk) => {
          if (chunk.startsWith("[paperclip]")) return;
          await new Promise((resolve) => setTimeout(resolve, 300));
          if (stream === "stdout") taken += chunk.split("\n").length - 1;
        },
      },
    });
    await eventually(() => taken > 0, "a line", WITHIN_MS);
    const pod = await podOf(place, run);
    await untilLogged(place, pod, '"subtype":"success"');
    // Follows the log to its end: the container's.
    const log = { namespace: place.namespace, pod, container: "claude", follow: true, tailLines: 1 };
    const rest = await place.admin.openLog(log, AbortSignal.timeout(WITHIN_MS));
    if (rest.kind === "open") for await (const _ of rest.body);
    run.cancel("Legacy controller lease lost");
    const result = await run.result;
    const transcript = result.resultJson?.transcript as Transcript;
    const first = transcript.missing[0]?.from ?? 0;
    expect(transcript).toMatchObject({ complete: false, lines: first - 1 });
    // What a follower that was held up had not even read comes last, and is told apart.
    const [undelivered, unread] = transcript.missing;
    expect(undelivered).toMatchObject({ channel: "stdout", cause: "undelivered" });
    if (unread) {
      expect(unread).toMatchObject({ from: (undelivered?.to ?? 0) + 1, cause: "lost" });
      expect(unread.why).toBe("they had not been read when the run was let go");
    }
    expect(transcript.missing.at(-1)?.to).toBe(20_002);
    // The chunk that was under way when nobody waited any more may have been taken after all.
    expect(taken).toBeGreaterThanOrEqual(first - 1);
    expect(taken).toBeLessThan(20_002);
  });
});

describe("a log that cannot be read for the whole run", () => {
  it.for(
    some(
      [
        ["does not answer", { kind: "delay", milliseconds: 600_000 }],
        ["fails", { kind: "respond", code: 500 }],
      ] as const,
      2,
    ),
  )("and %s: the verdict is the seal's, and comes within half a minute", async ([, action], { skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    place.devcluster.faults.add({ match: LOG, action });
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; echo '{"n":1}'; ${RESULT}` });
    await run.event("k8s.pod.ended");
    const endedAt = Date.now();
    const result = await run.result;
    expect(Date.now() - endedAt).toBeLessThan(30_000);
    expect(result).toMatchObject({ errorCode: null, sessionId: SESSION, costUsd: 0.25 });
    const why = expect.stringMatching(/^the log could not be read: /);
    expect(result.resultJson?.transcript).toMatchObject({
      complete: false,
      lines: 0,
      unread: expect.stringMatching(/./),
      missing: [{ from: 1, to: 3, cause: "lost", why }],
    });
  });

  it.for([
    ["of an image without Node", true, ""],
    ["whose runner was killed", false, "kill -KILL $PPID; sleep 5"],
  ] as const)("and is refused (403), %s: nobody says that the agent said nothing", async ([, isSh, end], { skip }) => {
    const { devcluster, shImage } = place;
    if (!devcluster || !shImage) return skip("faults need the devcluster");
    devcluster.faults.add({ match: LOG, action: { kind: "respond", code: 403 } });
    const clock = new LeapingClock();
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; echo '{"n":1}'; ${RESULT}; ${end}`,
      config: isSh ? { image: shImage } : {},
      dependencies: { clusters: new ClusterRegistry({ clock }) },
    });
    await run.event("k8s.pod.ended");
    // A refusal is doubted for a while.
    await pass(clock, 1);
    const result = await run.result;
    const said = JSON.stringify(result);
    expect(said).not.toMatch(/printed nothing|before it printed anything|before it said/);
    expect(result.resultJson?.transcript).toMatchObject({
      complete: false,
      lines: 0,
      unread: expect.stringContaining("403"),
    });
    expect(result.errorMessage).toMatch(/could not be read: .*403/);
    expect(result.errorCode).toBe("k8s_observation_lost");
  });
});
