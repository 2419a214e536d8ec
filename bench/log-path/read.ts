/** Reads one log to its end in a process of its own, as it was told by its parent, and reports what that took. */
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:tls";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { systemClock } from "../../src/kubernetes/clock.ts";
import { openCluster } from "../../src/kubernetes/cluster.ts";
import { followTranscript } from "../../src/run/follow/follow-transcript.ts";
import type { Seal } from "../../src/runner/seal.ts";

/**
 * `socket`: a bare TLS socket, HTTP/1.1, nothing parsed; `http2`: `node:http2` and nothing above it; `client`: the adapter's
 * HTTP client; `follower`: everything. All but the last throw away what they read.
 */
export type Reader = "socket" | "http2" | "client" | "follower";

export interface Task {
  readonly reader: Reader;
  readonly kubeconfig: string;
  readonly port: number;
  readonly cert: string;
  readonly seal: Seal;
}

export interface Usage {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Resident memory before the log is opened, and at most while it is read. */
  readonly idleMb: number;
  readonly peakMb: number;
  /** The follower's verdict; null for the others. */
  readonly state: string | null;
}

const PATH = "/api/v1/namespaces/runs/pods/p/log?container=main&follow=true&timestamps=true";
const LOG = { namespace: "runs", pod: "p", container: "main", timestamps: true };

process.once("message", (task: Task) => {
  void measure(task).then((usage) => process.send?.(usage, () => process.exit(0)));
});

async function measure(task: Task): Promise<Usage> {
  const read = await READERS[task.reader](task);
  globalThis.gc?.();
  const idle = process.memoryUsage.rss();
  // The most from here on is the kernel's to count: sampling costs a tenth of what is measured.
  writeFileSync("/proc/self/clear_refs", "5");
  const cpu = process.cpuUsage();
  const start = performance.now();
  const state = await read();
  const used = process.cpuUsage(cpu);
  const seconds = (performance.now() - start) / 1000;
  const peakMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1.024e-3;
  return { seconds, cpuSeconds: (used.user + used.system) / 1e6, idleMb: idle / 1e6, peakMb, state };
}

/** Each has loaded and connected what it can before it reads. */
const READERS: Record<Reader, (task: Task) => Promise<() => Promise<string | null>>> = {
  async socket({ port, cert }) {
    const socket = connect({ host: "127.0.0.1", port, ca: cert, ALPNProtocols: ["http/1.1"] });
    await once(socket, "secureConnect");
    return async () => {
      let tail = "";
      const ended = new Promise<void>((resolve) =>
        socket.on("data", (chunk: Buffer) => {
          tail = (tail + chunk.toString("latin1", Math.max(0, chunk.length - 5))).slice(-5);
          if (tail === "0\r\n\r\n") resolve();
        }),
      );
      socket.write(`GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
      await ended;
      return null;
    };
  },
  async http2({ port, cert }) {
    const settings = { initialWindowSize: 1 << 20 };
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: cert, settings });
    await once(session, "connect");
    session.setLocalWindowSize(1 << 22);
    return async () => {
      const stream = session.request({ ":path": PATH });
      stream.on("data", () => undefined);
      await once(stream, "end");
      return null;
    };
  },
  async client({ kubeconfig }) {
    const client = await warmClient(kubeconfig);
    return async () => {
      const opening = await client.openLog({ ...LOG, follow: true }, new AbortController().signal);
      if (opening.kind !== "open") throw new Error(`no log: ${opening.kind}`);
      for await (const _ of opening.blocks);
      return null;
    };
  },
  async follower({ kubeconfig, seal }) {
    const client = await warmClient(kubeconfig);
    return () => follow(client, seal);
  },
};

async function follow(client: KubernetesClient, seal: Seal): Promise<string> {
  let opened = false;
  let characters = 0;
  const { transcript } = await followTranscript({
    open: (request, signal) => {
      opened = true;
      return client.openLog({ ...LOG, ...request }, signal);
    },
    container: {
      // It ended while its log was on the way: the follower stops with the last line that the seal counts.
      state: () => (opened ? "terminated" : "running"),
      changed: (signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
      seal: () => seal,
    },
    onLog: (_, chunk) => {
      characters += chunk.length;
    },
    signal: new AbortController().signal,
    clock: systemClock,
  });
  return `${transcript.state}, ${characters}`;
}

async function warmClient(kubeconfig: string): Promise<KubernetesClient> {
  const client = new KubernetesClient(await openCluster({ kubeconfig }));
  const first = await client.openLog({ ...LOG, tailLines: 1 }, new AbortController().signal);
  if (first.kind === "open") for await (const _ of first.body);
  return client;
}
