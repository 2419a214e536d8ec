/**
 * Paperclip as several servers with one database have it: the records of runs, each claimed by a server, which loses it
 * when its lease has run out. What the adapter asks is answered over HTTP, at two addresses, so that who asks is counted.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { ownerOf } from "../../../test/support/run-token.ts";

export interface RunRecord {
  readonly id: string;
  readonly agentId: string;
  readonly taskId: string;
  status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  resultJson: unknown;
  /** Results of its adapter that were heard, late ones too. */
  results: number;
  /** What the adapter said of a run that did not succeed. */
  why: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** When its server's lease was over; null: it was not lost. */
  lostAt: number | null;
}

export interface PaperclipOptions {
  /** Has a server run it. */
  readonly dispatch: (run: RunRecord) => void;
  readonly freshId: () => string;
}

/** `runs`, `supervisor`: requests by what was asked for. */
export type AskedOfPaperclip = Readonly<Record<"runs" | "supervisor", Readonly<Record<string, number>>>>;

const LIVING = new Set(["queued", "running"]);
const COMPANY_RUNS = /^\/api\/companies\/[^/]+\/heartbeat-runs$/;
const RUN = /^\/api\/heartbeat-runs\/([^/]+)$/;
const TASK = /^\/api\/issues\/([^/]+)$/;
const WAKEUP = /^\/api\/agents\/([^/]+)\/wakeup$/;

export class SimulatedPaperclip {
  readonly asked = { runs: {} as Record<string, number>, supervisor: {} as Record<string, number> };
  readonly #options: PaperclipOptions;
  readonly #runs = new Map<string, RunRecord>();
  /** Task → its runs, oldest first. */
  readonly #ofTask = new Map<string, RunRecord[]>();
  readonly #servers: Server[] = [];

  constructor(options: PaperclipOptions) {
    this.#options = options;
  }

  /** Its addresses. */
  async listen(): Promise<{ readonly ofRuns: string; readonly ofSupervisor: string }> {
    const [ofRuns, ofSupervisor] = await Promise.all([this.#listen("runs"), this.#listen("supervisor")]);
    return { ofRuns, ofSupervisor };
  }

  get runs(): Iterable<RunRecord> {
    return this.#runs.values();
  }

  runsOf(taskId: string): readonly RunRecord[] {
    return this.#ofTask.get(taskId) ?? [];
  }

  /** A new run of the task, or the one that lives: Paperclip has one of a task at a time. */
  wake(agentId: string, taskId: string): RunRecord {
    const others = this.#ofTask.get(taskId) ?? [];
    const living = others.find(({ status }) => LIVING.has(status));
    if (living) return living;
    const id = `run-${this.#options.freshId()}`;
    const run: RunRecord = {
      id,
      agentId,
      taskId,
      status: "queued",
      resultJson: null,
      results: 0,
      why: null,
      createdAt: Date.now(),
      lostAt: null,
    };
    this.#runs.set(id, run);
    this.#ofTask.set(taskId, [...others, run]);
    this.#options.dispatch(run);
    return run;
  }

  /** What is over already keeps its status, and the late result is dropped. */
  ended(runId: string, { errorCode, errorMessage, resultJson }: AdapterExecutionResult): void {
    const run = this.#runs.get(runId);
    if (!run) throw new Error(`there is no run ${runId}`);
    run.results += 1;
    if (!LIVING.has(run.status)) return;
    run.status = errorCode === "cancelled" ? "cancelled" : errorCode ? "failed" : "succeeded";
    run.resultJson = resultJson ?? null;
    run.why = errorCode ? `${errorCode}: ${errorMessage}` : null;
  }

  /** The lease of the server that had them has run out. */
  lose(runs: Iterable<RunRecord>): void {
    for (const run of runs) {
      if (run.status !== "running") continue;
      run.status = "failed";
      run.lostAt = Date.now();
    }
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    }
  }

  async #listen(who: "runs" | "supervisor"): Promise<string> {
    const server = createServer((request, response) => {
      this.#answer(who, request, response).catch(() => response.destroy());
    });
    this.#servers.push(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async #answer(who: "runs" | "supervisor", request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://paperclip");
    const kind = pathname.replace(RUN, "a run").replace(COMPANY_RUNS, "runs of a company").replace(TASK, "a task");
    const what = kind.replace(WAKEUP, "a wake-up");
    this.asked[who][what] = (this.asked[who][what] ?? 0) + 1;
    const owner = ownerOf(request.headers.authorization?.slice("Bearer ".length) ?? "");
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (!owner) return send(401, { error: "Unauthorized" });
    if (COMPANY_RUNS.test(pathname)) return send(200, this.#newest(Number(searchParams.get("limit"))));
    const run = this.#runs.get(RUN.exec(pathname)?.[1] ?? "");
    if (run) return send(200, { id: run.id, status: run.status, resultJson: run.resultJson });
    const task = TASK.exec(pathname)?.[1];
    if (task !== undefined) return send(200, this.#task(task));
    if (pathname === "/api/agents/me") return send(200, owner);
    const agent = WAKEUP.exec(pathname)?.[1];
    if (agent !== owner.id) return send(agent === undefined ? 404 : 403, { error: "not this agent's to ask for" });
    const { payload } = (await json(request)) as { payload?: { issueId?: string } };
    const woken = this.wake(agent, payload?.issueId ?? "");
    send(202, { id: woken.id, status: woken.status });
  }

  #newest(limit: number): object[] {
    const all = [...this.#runs.values()].slice(-limit).reverse();
    return all.map(({ id, agentId, status }) => ({ id, agentId, status }));
  }

  #task(id: string): object {
    const runs = this.#ofTask.get(id) ?? [];
    const isDone = runs.some(({ status }) => status === "succeeded");
    return { id, status: isDone ? "done" : "in_progress", assigneeAgentId: runs[0]?.agentId ?? null };
  }
}
