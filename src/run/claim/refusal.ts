import type { Clock } from "../../kubernetes/clock.ts";
import { RunFault } from "../shared/run-fault.ts";
import type { Blocked } from "./blocked.ts";

/** The fault of a run that may not start. */
export function refusal(clock: Clock, { code, why, fix }: Blocked): RunFault {
  return new RunFault({ code, message: why, fix, status: null, fatal: true, at: clock.now() });
}
