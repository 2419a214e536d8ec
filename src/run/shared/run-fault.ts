/** An error on the adapter's side, as data. A fatal one ended the adapter's part of the run. */
export interface Fault {
  /** A code of the contract, such as `k8s_job_create_failed`. */
  readonly code: string;
  /** One sentence; never with a credential. */
  readonly message: string;
  readonly fix: string | null;
  /** HTTP status, where the API server answered. */
  readonly status: number | null;
  readonly fatal: boolean;
  /** True when a retry may succeed without any change: the cluster was unreachable or overloaded. @default false */
  readonly transient?: boolean;
  /** True when something of the run may be alive although no Job is known. @default false */
  readonly mayRun?: boolean;
  readonly at: number;
}

/** Thrown by a step of a run that cannot go on; execute() turns it into the run's verdict. */
export class RunFault extends Error {
  override readonly name = "RunFault";
  readonly fault: Fault;

  constructor(fault: Fault, cause?: unknown) {
    super(fault.message, { cause });
    this.fault = fault;
  }
}
