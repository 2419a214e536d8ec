import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("the transcript", () => {
  it("has 20 MB of output, complete and in order", async () => {
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; awk 'BEGIN { x = sprintf("%190s", ""); gsub(/ /, "x", x); for (i = 1; i <= 100000; i++) printf "{\\"line\\":%d,\\"x\\":\\"%s\\"}\\n", i, x }'; ${RESULT}`,
    });
    const result = await run.result;
    const text = run.stdout();
    expect(text.length).toBeGreaterThan(20_000_000);
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 100_002, sha256: sha256(text) });
    const numbers = [...text.matchAll(/^\{"line":(\d+)/gm)].map(([, number]) => Number(number));
    expect(numbers.every((number, index) => number === index + 1)).toBe(true);
  });

  it("has a single line of 1 MiB, whole", async () => {
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; head -c 1048576 /dev/zero | tr '\\0' z; echo; ${RESULT}`,
    });
    const result = await run.result;
    expect(run.stdout().split("\n")[1]).toBe("z".repeat(1_048_576));
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 3, sha256: sha256(run.stdout()) });
  });

  it("46: has the last line of an agent that ends without a newline", async () => {
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}; printf 'no newline'` });
    const result = await run.result;
    expect(run.stdout().split("\n")[2]).toBe("no newline");
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 3 });
  });

  it("49: is followed without Node in the image too: what was captured is judged, and said to prove less", async ({
    skip,
  }) => {
    const { shImage } = place;
    if (!shImage) return skip("TEST_SH_IMAGE names no image without Node");
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; echo one; sleep 1; echo two; echo careful >&2; ${RESULT}`,
      config: { image: shImage },
    });
    const result = await run.result;
    expect(result).toMatchObject({
      exitCode: 0,
      errorCode: null,
      sessionId: SESSION,
      summary: "all done",
      costUsd: 0.25,
    });
    expect(run.stdout().split("\n").slice(1, 3)).toEqual(["one", "two"]);
    expect(result.resultJson?.transcript).toMatchObject({ complete: false, missing: [] });
    expect(JSON.stringify(result.resultJson?.transcript)).toContain("no line numbers");
  });
});
