/** `waitForPodsReady` of Kueue. A file of its own: what the entry declares must not lead to `kubernetes-types`. */
export interface PodsReady {
  /** Milliseconds that an admitted Job's pod gets to be ready. */
  readonly timeoutMs: number;
  /** How often it is tried again. */
  readonly retries: number;
}
