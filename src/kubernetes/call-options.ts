import type { Clock, Random } from "./clock.ts";
import type { KubeObject, Stored } from "./resource-types.ts";
import type { Traffic } from "./traffic.ts";

export interface ClientOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Milliseconds for one attempt, answer included. @default 30000 */
  readonly requestTimeoutMs?: number;
  /** Milliseconds for all attempts of one call. @default 60000 */
  readonly retryForMs?: number;
  /** Paced calls that are under way at once; the others of these wait for their turn. @default 16 */
  readonly callsAtOnce?: number;
  /** @default "paperclip-adapter-claude-k8s" */
  readonly userAgent?: string;
  /** Is told of every request. @default nobody */
  readonly traffic?: Traffic;
}

/** Options of every call. Each throws ApiError, or the signal's reason when that is aborted. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** @default the client's requestTimeoutMs */
  readonly timeoutMs?: number | undefined;
  /** 0 = one attempt only. @default the client's retryForMs */
  readonly retryForMs?: number | undefined;
  /**
   * Waits for its turn among the calls by which runs start, without a limit of its own: for those only.
   * @default true for a create that stores something, else false
   */
  readonly paced?: boolean | undefined;
  /** Called at each turn of a paced call with the milliseconds that it waited for it. @default nobody */
  readonly onTurn?: ((waitedMs: number) => void) | undefined;
}

export interface ListOptions extends CallOptions {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects in one page; all pages are read. @default 500 */
  readonly limit?: number | undefined;
}

export interface CreateOptions extends CallOptions {
  /** Everything except storing the object: admission and quota are checked too. @default false */
  readonly dryRun?: boolean | undefined;
  /** `Strict`: a field that the server does not know is refused, not dropped. @default the server's own: Warn */
  readonly fieldValidation?: "Strict" | undefined;
  /** Called with each warning of the server, such as what Pod Security will refuse. @default nobody */
  readonly onWarning?: ((message: string) => void) | undefined;
}

export interface DeleteCallOptions extends CallOptions {
  /** What happens to what the object owns. @default "Background" (the API's own default for Jobs leaves pods running) */
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan" | undefined;
  /** Deletes only the object with this uid (else 409 Conflict). */
  readonly uid?: string | undefined;
  /** Deletes only this state of the object (else 409 Conflict). */
  readonly resourceVersion?: string | undefined;
  readonly gracePeriodSeconds?: number | undefined;
}

export interface ObjectList<T extends KubeObject> {
  readonly items: Stored<T>[];
  readonly resourceVersion: string;
}

/** RFC 6902. A `test` of /metadata/resourceVersion or /metadata/uid makes the patch conditional (422 otherwise). */
export type JsonPatch = readonly JsonPatchOperation[];
export type JsonPatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

export interface ServerVersion {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
}
