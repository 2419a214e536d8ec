/** An agent whose lines are numbered, so that each can be told from all others. */
import { Account } from "./account.ts";
import type { Place } from "./place.ts";
import { type RunOptions, startRun, type TestRun } from "./run.ts";

/** Characters of two, three and four bytes, and one: a cut falls into one of them more often than not. */
const FILLER = "é€😀x";

/** What stands behind the number: up to `width` times the filler. */
export interface Shape {
  readonly width: number;
}

export function numberedLine(number: number, { width }: Shape): string {
  return JSON.stringify({ line: number, x: FILLER.repeat(width > 0 ? number % width : 0) });
}

/** Words for sh: prints these lines; after each `pauseEvery` of them it waits for a tenth of a second. */
export function printNumbered(from: number, to: number, { width }: Shape, pauseEvery = to): string {
  const script = `let at=${from - 1};const go=()=>{let out="";for(const end=Math.min(at+${pauseEvery},${to});at<end;)out+=JSON.stringify({line:++at,x:"${FILLER}".repeat(${width}?at%${width}:0)})+"\\n";process.stdout.write(out);if(at<${to})setTimeout(go,100)};go()`;
  return `node -e '${script}'`;
}

export interface NumberedRun extends TestRun {
  readonly account: Account;
}

/** Starts a run and keeps account of its lines. */
export function startNumbered(place: Place, shape: Shape, options: RunOptions): NumberedRun {
  const account = new Account((number) => numberedLine(number, shape));
  const onLog = (stream: "stdout" | "stderr", chunk: string): Promise<void> => {
    if (stream === "stdout") account.take(chunk);
    return Promise.resolve();
  };
  return { ...startRun(place, { ...options, context: { ...options.context, onLog } }), account };
}
