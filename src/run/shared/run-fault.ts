import type { Fault } from "../observe/evidence/evidence.ts";

/** Thrown by a step of a run that cannot go on; execute() turns it into the run's verdict. */
export class RunFault extends Error {
  override readonly name = "RunFault";
  readonly fault: Fault;

  constructor(fault: Fault, cause?: unknown) {
    super(fault.message, { cause });
    this.fault = fault;
  }
}
