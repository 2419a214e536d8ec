/** A run that loses lines: the node rotates its log while the API server is gone. */
import { eventually } from "../../kubernetes/support/eventually.ts";
import type { Gates } from "./gate.ts";
import { ALL_BUT_LOOKS, podOf, rotate, untilLogged } from "./node-log.ts";
import { type NumberedRun, numberedLine, printNumbered, startNumbered } from "./numbered.ts";
import type { Place } from "./place.ts";
import { INIT, RESULT, type RunOptions } from "./run.ts";

const SHAPE = { width: 30 };
const WITHIN_MS = 60_000;

export interface Losing {
  readonly dependencies?: RunOptions["dependencies"];
  /** Whose log it is. @default the agent's */
  readonly container?: string;
  /** Done when the lines are lost, before anything else reaches the API server. */
  readonly onBack?: () => void;
}

/**
 * Lines 201 to 400 of 600 are rotated away. Resolves when the API server is back; the agent ends when the gate `back` is
 * opened. Needs the devcluster.
 */
export async function loseLines(
  place: Place,
  gates: Gates,
  { dependencies = {}, container, onBack }: Losing = {},
): Promise<NumberedRun> {
  const { devcluster } = place;
  if (!devcluster) throw new Error("faults are the devcluster's");
  const run = startNumbered(place, SHAPE, {
    dependencies,
    agent: [
      `cat >/dev/null; ${INIT}; ${printNumbered(1, 200, SHAPE)}`,
      `${gates.waitFor("gone")}; ${printNumbered(201, 400, SHAPE)}`,
      `${gates.waitFor("rotated")}; ${printNumbered(401, 600, SHAPE)}`,
      `${gates.waitFor("back")}; ${RESULT}`,
    ].join("; "),
  });
  await eventually(() => run.account.totals.inOrder === 200, "200 lines", WITHIN_MS);
  const pod = await podOf(place, run);
  const outage = devcluster.faults.add({ match: ALL_BUT_LOOKS, action: { kind: "drop", when: "before" } });
  devcluster.cutConnections();
  await gates.open("gone");
  await untilLogged(place, pod, numberedLine(400, SHAPE), container);
  await rotate(place, pod);
  await gates.open("rotated");
  await untilLogged(place, pod, numberedLine(600, SHAPE), container);
  outage.remove();
  onBack?.();
  return run;
}
