/** The demo's standard output, which can be closed at any time: a pipe into `head`, a terminal that goes away. */
export interface Output {
  /** Writes nothing any more once nobody reads. */
  readonly write: (text: string) => void;
  /** Aborted when stdout or stderr cannot be written to. */
  readonly closed: AbortSignal;
}

export function openOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Output {
  const closed = new AbortController();
  // EPIPE of a pipe, EIO of a terminal. Without a listener, it would end the process with everything left behind.
  for (const stream of [stdout, stderr]) stream.on("error", (error) => closed.abort(error));
  return {
    closed: closed.signal,
    write: (text) => {
      if (!closed.signal.aborted) stdout.write(text);
    },
  };
}
