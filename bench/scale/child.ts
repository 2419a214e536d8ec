/** A process of the benchmark that sends messages. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

export interface Child<To extends object, From extends { readonly kind: string }> {
  readonly pid: number;
  send(message: To): void;
  /** Calls back for each message of that kind. Returns the way to stop. */
  on<Kind extends From["kind"]>(kind: Kind, listener: (message: Extract<From, { kind: Kind }>) => void): () => void;
  /** Resolves with the next message of that kind; rejects when the process ends. */
  next<Kind extends From["kind"]>(kind: Kind): Promise<Extract<From, { kind: Kind }>>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export function startChild<To extends object, From extends { readonly kind: string }>(
  file: string,
  argument: string,
  execArgv: readonly string[] = [],
): Child<To, From> {
  const child: ChildProcess = fork(file, [argument], {
    execArgv: [...execArgv],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  child.setMaxListeners(0);
  const exited = once(child, "exit");
  exited.catch(() => undefined);
  const on: Child<To, From>["on"] = (kind, listener) => {
    const hear = (message: From): void => {
      if (message.kind === kind) listener(message as Parameters<typeof listener>[0]);
    };
    child.on("message", hear);
    return () => child.off("message", hear);
  };
  return {
    pid: child.pid ?? 0,
    // A process that was killed meanwhile cannot be told.
    send: (message) => child.send(message, () => undefined),
    on,
    next: (kind) =>
      new Promise((resolve, reject) => {
        const stop = on(kind, (message) => {
          stop();
          resolve(message);
        });
        child.once("exit", () => reject(new Error(`${file} has ended`)));
      }),
    kill: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}
