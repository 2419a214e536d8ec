import { expect, test } from "vitest";
import { systemClock } from "../../src/kubernetes/clock.ts";

test("a sleep longer than Node's longest timer does not end at once, and can be aborted", async () => {
  const stop = new AbortController();
  const slept = systemClock.sleep(365 * 86_400_000, stop.signal).then(
    () => "slept",
    (reason: Error) => reason.message,
  );
  await systemClock.sleep(20);
  stop.abort(new Error("stopped"));
  expect(await slept).toBe("stopped");
});
