import fc from "fast-check";
import { expect, it } from "vitest";
import { LATE, LateGuard } from "../../../src/run/shared/late-guard.ts";
import { cases } from "../../support/thoroughness.ts";
import { VirtualClock } from "../follow/virtual-clock.ts";

/** Timers take whole milliseconds: those of a wait's two parts may each be one longer. */
const ROUNDING_MS = 3;

const piece = fc.record({
  idleMs: fc.nat(300),
  takesMs: fc.nat(400),
  limitMs: fc.constantFrom(20, 100, 150),
  fails: fc.boolean(),
});

it("work that keeps its limit comes to what it comes to; what takes half as much again is late, and not waited for", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 12 }), async (pieces) => {
      const clock = new VirtualClock();
      const guard = new LateGuard(clock);
      await clock.run(
        (async () => {
          for (const { idleMs, takesMs, limitMs, fails } of pieces) {
            await clock.sleep(idleMs);
            const began = clock.now();
            const work = clock.sleep(takesMs).then(() => {
              if (fails) throw new Error("no");
              return "done" as const;
            });
            const end = await guard.inTime(work, limitMs).catch(() => "failed" as const);
            const tookMs = clock.now() - began;
            if (takesMs < limitMs) expect(end).toBe(fails ? "failed" : "done");
            if (takesMs > limitMs * 1.5 + ROUNDING_MS) expect(end).toBe(LATE);
            if (end !== LATE) continue;
            expect(tookMs).toBeGreaterThanOrEqual(limitMs);
            expect(tookMs).toBeLessThanOrEqual(limitMs * 1.5 + ROUNDING_MS);
          }
          guard.close();
        })(),
      );
    }),
    { numRuns: cases(300) },
  );
});

it("a thousand pieces set no more timers than one, and none is left when nobody waits any more", async () => {
  const clock = new VirtualClock();
  const guard = new LateGuard(clock);
  for (let at = 0; at < 1000; at++) {
    expect(await guard.inTime(Promise.resolve(at), 1000)).toBe(at);
    expect(clock.pending).toBeLessThanOrEqual(1);
  }
  guard.close();
  expect(clock.pending).toBe(0);
});

it("lets go of the work under way when it is closed, and of all that comes after", async () => {
  const guard = new LateGuard(new VirtualClock());
  const never = new Promise<void>(() => undefined);
  const waiting = guard.inTime(never, 1000);
  guard.close();
  expect(await waiting).toBe(LATE);
  expect(await guard.inTime(never, 1000)).toBe(LATE);
});
