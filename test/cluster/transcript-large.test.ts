/**
 * A container that writes hundreds of megabytes, as fast as it can: the node rotates its log faster than anybody reads. Every
 * line once and in order, or exactly the gap named, in a process whose memory is bounded.
 *
 *   TRANSCRIPT_MB  megabytes that the container writes, 500 by default: 8 s on two quiet cores, 48 s on busy ones; without it,
 *                  the long form alone has this test
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { programOf } from "../support/program.ts";
import { isLong } from "../support/thoroughness.ts";
import { exact, missingIn } from "./support/account.ts";
import type { Accounted, AccountTask } from "./support/accountant-main.ts";
import { settingsOf } from "./support/context.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

const MEGABYTES = Number(process.env.TRANSCRIPT_MB ?? 500);
const LINE_BYTES = 1000;
/** Old objects: at most 28 MB were seen to be alive, of which 15 are the adapter's own modules and Node's. */
const HEAP_MB = 36;
/** Young ones, each half: V8 sizes it by the machine, and 174 to 249 MB RSS were seen with that. */
const SEMI_SPACE_MB = 4;
/** Above the idle process; measured: 51 to 53 at 500 MB. */
const MOST_RSS_MB = 80;

let place: Place;
usePlace((opened) => {
  place = opened;
});

const main = programOf(new URL("support/accountant-main.ts", import.meta.url));

async function accountFor(task: AccountTask): Promise<Accounted> {
  const child = fork(main, {
    execArgv: [`--max-old-space-size=${HEAP_MB}`, `--max-semi-space-size=${SEMI_SPACE_MB}`],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  child.send(task);
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the adapter's process ended with ${code}`);
  });
  ended.catch(() => undefined);
  const [accounted] = (await Promise.race([once(child, "message"), ended])) as [Accounted];
  child.disconnect();
  return accounted;
}

it.skipIf(!isLong && !process.env.TRANSCRIPT_MB)(
  `has ${MEGABYTES} MB in bounded memory, or names exactly what rotation took`,
  { timeout: 300_000 },
  async () => {
    const lines = MEGABYTES * (1e6 / LINE_BYTES);
    const filler = "x".repeat(LINE_BYTES - 20);
    const script = `const x="x".repeat(${filler.length});let at=0;const go=()=>{while(at<${lines})if(!process.stdout.write("{\\"line\\":"+(++at)+",\\"x\\":\\""+x+"\\"}\\n"))return process.stdout.once("drain",go)};go()`;
    const agent = `cat >/dev/null; ${INIT}; node -e '${script}'; ${RESULT}`;
    const settings = settingsOf(place, { agent });
    place.paperclip.set(settings.runId, "running");
    const { result, totals, idleRssMb, peakRssMb } = await accountFor({
      settings,
      paperclipUrl: place.paperclip.url,
      filler,
    });
    console.log(
      `${MEGABYTES} MB: ${missingIn(totals.gaps)} of ${lines} lines named as missing in ${totals.gaps.length} gaps; RSS ${idleRssMb.toFixed(0)} MB idle, ${peakRssMb.toFixed(0)} MB at most`,
    );
    expect(totals).toMatchObject(exact);
    // A gap at the very end has the result event in it, which has no number.
    expect([lines, lines + 1]).toContain(totals.inOrder + missingIn(totals.gaps));
    expect(totals.longestChunk).toBeLessThan(65_536);
    expect(result.resultJson?.transcript).toMatchObject({ complete: totals.gaps.length === 0 });
    expect(result.errorCode ?? null).toBeNull();
    expect(peakRssMb - idleRssMb).toBeLessThan(MOST_RSS_MB);
  },
);
