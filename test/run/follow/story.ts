import type { Channel } from "../../../src/runner/frame.ts";
import { checkExactlyOnce } from "./exactly-once.ts";
import type { SimulatedRun } from "./simulated-run.ts";

/** What was printed was delivered, each line once and in order, but for what the report names. */
export function check(run: SimulatedRun, report: Parameters<typeof checkExactlyOnce>[2]): void {
  const text = (lines: readonly Buffer[]) => lines.map((line) => line.toString());
  checkExactlyOnce({ stdout: text(run.stdout), stderr: text(run.stderr) }, run.delivered, report);
}

/** Prints `line FROM` to `line TO`. */
export function print(run: SimulatedRun, from: number, to: number, channel: Channel = "stdout"): void {
  for (let at = from; at <= to; at++) run.print(channel, Buffer.from(`line ${at}`));
}
