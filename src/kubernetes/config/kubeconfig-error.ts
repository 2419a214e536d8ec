/**
 * `missing` no such file; `unreadable` it is there and cannot be read; `malformed` it is not a kubeconfig, or names
 * things it does not have; `unknown-context`; `no-current-context`; `none` no kubeconfig was named and none is in any
 * of the usual places.
 */
export type KubeconfigErrorCode =
  | "missing"
  | "unreadable"
  | "malformed"
  | "unknown-context"
  | "no-current-context"
  | "none";

/** Thrown by openCluster before anything is sent. Never quotes the file's content. */
export class KubeconfigError extends Error {
  override readonly name = "KubeconfigError";
  readonly code: KubeconfigErrorCode;
  /** What to do about it, one sentence. */
  readonly fix: string;

  constructor(code: KubeconfigErrorCode, message: string, fix: string) {
    super(message);
    this.code = code;
    this.fix = fix;
  }
}
