import { ApiError, type ApiErrorDetails } from "../api-error.ts";

/** The time of a call was over before any of it was sent: it is not the API server that did not answer. Never ambiguous. */
export class UnsentError extends ApiError {
  constructor(from: Omit<ApiErrorDetails, "ambiguous">) {
    super({ ...from, ambiguous: false });
  }
}

/** Whether what a call threw says by itself why there is no answer, although its time was over. */
export const isUnsent = (thrown: unknown): boolean =>
  thrown instanceof UnsentError || (thrown instanceof ApiError && thrown.kind === "credentials");
