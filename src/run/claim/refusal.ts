import type { Clock } from "../../kubernetes/clock.ts";
import { RunFault } from "../shared/run-fault.ts";
import type { Blocked } from "./blocked.ts";

/** The fault of a run that may not start. */
export function refusal(clock: Clock, { code, why, fix, transient = false }: Blocked): RunFault {
  return new RunFault({ code, message: why, fix, status: null, fatal: true, transient, at: clock.now() });
}
