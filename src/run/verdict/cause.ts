import type { FailureKind, VerdictCode } from "../shared/codes.ts";
import type { Facts } from "./facts.ts";
import type { ErrorFamily } from "./types.ts";

/** What one family of causes found; `judge()` makes the verdict of it. */
export interface Finding {
  readonly kind: FailureKind;
  readonly code: VerdictCode;
  readonly sentence: string;
  readonly fix: string;
  /** The statements that decide it, strongest first; the general evidenceOf follow. */
  readonly because: readonly string[];
  /** @default false */
  readonly timedOut?: boolean;
  /** RFC 3339. @default null */
  readonly retryNotBefore?: string | null;
  /** Lets Paperclip try again by itself: see retry.ts. @default null */
  readonly errorFamily?: ErrorFamily | null;
  /** The stored session must not be used again. @default false */
  readonly clearSession?: boolean;
  /** The id that the agent printed is of no session. @default false */
  readonly noSession?: boolean;
}

/** Looks for one family of causes; null when the evidence does not show it. */
export type Cause = (facts: Facts) => Finding | null;
