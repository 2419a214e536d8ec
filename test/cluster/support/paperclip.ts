/** Paperclip's API as far as the adapter asks it: the records of runs, over real HTTP. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { ownerOf } from "../../support/run-token.ts";

export interface FakePaperclip {
  readonly url: string;
  /** What was asked for so far: `METHOD PATH`, without its query. */
  readonly requests: readonly string[];
  /** How many runs each list of a company's was asked for. */
  readonly pages: readonly number[];
  /** How often the record of a run was asked for, by itself or with those of its company. */
  asked(runId: string): number;
  /** Resolves when the record of the run has been asked for once more. */
  nextQuestion(runId: string): Promise<void>;
  status(runId: string): string | undefined;
  /** What agents were asked to be woken with. */
  readonly wakeups: readonly (Readonly<Record<string, unknown>> & { readonly agentId: string })[];
  /** What the record says from now on. */
  set(runId: string, status: string): void;
  /** What agents have entered on the ledger. */
  readonly costs: readonly Readonly<Record<string, unknown>>[];
  /** What a task's page says from now on. */
  setTask(taskId: string, status: string): void;
  /** A company, and all agents that it has. */
  employ(companyId: string, agentIds: readonly string[]): void;
  /** Gives a task to an agent. */
  assign(taskId: string, agentId: string): void;
  /** The run's process has returned; what is over already keeps its status, and the late result is dropped. */
  ended(runId: string, result: AdapterExecutionResult): void;
  /** A board that holds this key may stop runs; `stop` is the host's Stop of that run. */
  allowStop(key: string, stop: (runId: string) => Promise<unknown>): void;
  /** Whether tokens are taken for no agent's: another secret signed them. */
  denyTokens(denied: boolean): void;
  /** Answers every question with this HTTP status; null = as usual. */
  failWith(httpStatus: number | null): void;
  close(): Promise<void>;
}

const LIVING = ["queued", "scheduled_retry", "running"];

export async function startFakePaperclip(): Promise<FakePaperclip> {
  const runs = new Map<string, { status: string; resultJson: unknown }>();
  const costs: FakePaperclip["costs"][number][] = [];
  const tasks = new Map<string, string>();
  const assignees = new Map<string, string>();
  const companies = new Map<string, readonly string[]>();
  const questions: string[] = [];
  const requests: string[] = [];
  const pages: number[] = [];
  const wakeups: FakePaperclip["wakeups"][number][] = [];
  const curious = new Set<(runId: string) => void>();
  let board: { readonly key: string; readonly stop: (runId: string) => Promise<unknown> } | null = null;
  let failure: number | null = null;
  let deniesTokens = false;
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url?.split("?")[0]}`);
    const runId = decodeURIComponent(/^\/api\/heartbeat-runs\/([^/]+)$/.exec(request.url ?? "")?.[1] ?? "");
    const isList = /^\/api\/companies\/[^/]+\/heartbeat-runs\?/.test(request.url ?? "");
    const about = isList ? [...runs.keys()] : [runId];
    questions.push(...about);
    response.once("close", () => {
      for (const id of about) for (const listener of [...curious]) listener(id);
    });
    if (failure !== null) return answer(response, failure, { error: "a failure that a test asked for" });
    if (!request.headers.authorization?.startsWith("Bearer ")) return answer(response, 401, { error: "Unauthorized" });
    if (request.url === "/api/agents/me") {
      const owner = ownerOf(request.headers.authorization.slice("Bearer ".length));
      return answer(response, owner && !deniesTokens ? 200 : 401, owner ?? { error: "Unauthorized" });
    }
    const stopped = /^\/api\/heartbeat-runs\/([^/]+)\/cancel$/.exec(request.url ?? "")?.[1];
    if (stopped) {
      // As 2026.916.1: board access only, and the answer comes when the run has returned.
      if (request.headers.authorization !== `Bearer ${board?.key}`)
        return answer(response, 403, { error: "Board access required" });
      const id = decodeURIComponent(stopped);
      void board?.stop(id).then(() => answer(response, 200, { id, status: "cancelled" }));
      return;
    }
    const woken = /^\/api\/agents\/([^/]+)\/wakeup$/.exec(request.url ?? "")?.[1];
    if (woken) {
      void json(request).then((body) => {
        wakeups.push({ ...(body as object), agentId: decodeURIComponent(woken) });
        answer(response, 202, { id: `run-for-${woken}` });
      });
      return;
    }
    if (/^\/api\/companies\/[^/]+\/cost-events$/.test(request.url ?? "")) {
      void json(request).then((body) => {
        costs.push(body as object as FakePaperclip["costs"][number]);
        answer(response, 201, body);
      });
      return;
    }
    const [, kind, id = ""] = /^\/api\/(companies|agents)\/([^/]+)$/.exec(request.url ?? "") ?? [];
    if (kind) {
      const isThere = kind === "companies" ? companies.has(id) : [...companies.values()].flat().includes(id);
      return answer(
        response,
        isThere ? 200 : 404,
        isThere ? { id } : { error: `${kind === "agents" ? "Agent" : "Company"} not found` },
      );
    }
    const taskId = /^\/api\/issues\/([^/]+)$/.exec(request.url ?? "")?.[1];
    const assigneeAgentId = assignees.get(taskId ?? "");
    const status = tasks.get(taskId ?? "");
    if (assigneeAgentId ?? status) return answer(response, 200, { id: taskId, assigneeAgentId, status });
    if (isList) {
      const limit = Number(/[?&]limit=(\d+)/.exec(request.url ?? "")?.[1] ?? runs.size);
      pages.push(limit);
      const newest = [...runs].reverse().slice(0, limit);
      return answer(
        response,
        200,
        newest.map(([id, { status }]) => ({ id, status })),
      );
    }
    const run = runs.get(runId);
    answer(response, run ? 200 : 404, run ? { id: runId, ...run } : { error: "Heartbeat run not found" });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    pages,
    asked: (runId) => questions.filter((id) => id === runId).length,
    nextQuestion: (runId) =>
      new Promise((resolve) => {
        const listener = (id: string): void => {
          if (id !== runId) return;
          curious.delete(listener);
          resolve();
        };
        curious.add(listener);
      }),
    wakeups,
    costs,
    setTask: (taskId, status) => tasks.set(taskId, status),
    status: (runId) => runs.get(runId)?.status,
    set: (runId, status) => runs.set(runId, { status, resultJson: null }),
    employ: (companyId, agentIds) => companies.set(companyId, agentIds),
    assign: (taskId, agentId) => assignees.set(taskId, agentId),
    ended: (runId, { errorCode, timedOut, resultJson }) => {
      if (!LIVING.includes(runs.get(runId)?.status ?? "running")) return;
      const failed = timedOut ? "timed_out" : errorCode === "cancelled" ? "cancelled" : "failed";
      runs.set(runId, { status: errorCode ? failed : "succeeded", resultJson });
    },
    allowStop: (key, stop) => {
      board = { key, stop };
    },
    denyTokens: (denied) => {
      deniesTokens = denied;
    },
    failWith: (httpStatus) => {
      failure = httpStatus;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
