/** After which results Paperclip holds a task back, and what its page is told then. */
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { describe, expect, it, onTestFinished } from "vitest";
import { adviceOnFailure, holdsTask } from "../../src/paperclip/reconciliation.ts";

const ended = (more: Partial<AdapterExecutionResult> = {}): AdapterExecutionResult => {
  const failure = { exitCode: 143, signal: null, timedOut: false, errorCode: "k8s_pod_disrupted" };
  return { ...failure, ...more, resultJson: { stopped: true, ...more.resultJson } };
};

describe("holdsTask", () => {
  it.each<[string, Partial<AdapterExecutionResult>, boolean]>([
    ["a failure", {}, true],
    ["a timeout", { timedOut: true, errorCode: "timeout" }, true],
    ["a success", { exitCode: 0, errorCode: null }, false],
    ["an agent that may be alive", { resultJson: { stopped: false } }, false],
    ["one that never began", { executionRecovery: { kind: "bootstrap", providerWorkStarted: false } }, false],
    ["turns that are used up", { resultJson: { stopReason: "max_turns_exhausted" } }, false],
    ["a Stop", { errorCode: "cancelled", resultJson: { executionCancellation: { state: "acknowledged" } } }, false],
    ["a Stop that nobody has seen take effect", { errorCode: "cancelled" }, false],
  ])("%s", (_, result, held) => expect(holdsTask(ended(result))).toBe(held));
});

const withoutCurl = spawnSync("curl", ["--version"]).status !== 0;

it.skipIf(withoutCurl)(
  "tells the page a command that names, in a shell, what Paperclip holds the task back for",
  async () => {
    const asked: { readonly url: string; readonly body: string }[] = [];
    const held = { id: "task-1", executionBlocker: { recoveryActionId: "action-7", runId: "run-1" }, title: "a" };
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      asked.push({ url: `${request.method} ${request.url}`, body: await text(request) });
      response.end(JSON.stringify(held));
    };
    const server = createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const command = /```sh\n(.*)\n```$/s.exec(adviceOnFailure("task-1", "run-1"))?.[1] ?? "";
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await promisify(execFile)("sh", ["-c", command], { env: { ...process.env, PAPERCLIP_API_URL: url } });
    expect(asked.map((one) => one.url)).toEqual([
      "GET /api/issues/task-1",
      "POST /api/issues/task-1/recovery-actions/resolve",
    ]);
    const body = JSON.parse(asked[1]?.body ?? "");
    expect(body).toMatchObject({
      actionId: "action-7",
      outcome: "restored",
      sourceIssueStatus: "todo",
      executionReconciliation: { runId: "run-1", providerStopped: true, actionOutcome: "mixed" },
    });
    expect(body.executionReconciliation.outcomeEvidence.length).toBeGreaterThan(20);
  },
);
