/** What Paperclip is told around a run, whatever the run itself does. */
import type { AdapterExecutionContext, AdapterRuntimeEvent } from "@paperclipai/adapter-utils";
import { describe, expect, it } from "vitest";
import { runInPaperclip } from "../../src/run/in-paperclip.ts";
import { trustAgents } from "../support/policy.ts";

function context(
  more: Partial<AdapterExecutionContext> = {},
): AdapterExecutionContext & { events: AdapterRuntimeEvent[] } {
  const events: AdapterRuntimeEvent[] = [];
  return {
    runId: "run-1",
    agent: { id: "agent-1", companyId: "company-1", name: "Ada", adapterType: "claude_k8s", adapterConfig: {} },
    runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: null },
    config: { kubeconfig: "/nowhere/kubeconfig", image: "image:1" },
    context: {},
    onLog: async () => {},
    onEvent: async (event) => void events.push(event),
    events,
    ...more,
  };
}

describe("runInPaperclip", () => {
  it("refuses an environment that is not local, with a sentence that names the switch and the way out", async () => {
    const result = await runInPaperclip(context({ executionTarget: null }), { env: {}, readPolicy: trustAgents });
    expect(result).toMatchObject({ exitCode: null, errorCode: "k8s_config_invalid" });
    expect(result.errorMessage).toContain("PAPERCLIP_EXECUTION_MODE=kubernetes");
    expect(result.errorMessage).toContain("claude_local");
    // Nothing was begun: Paperclip may take it back without asking what became of it.
    expect(result.executionRecovery).toEqual({ kind: "bootstrap", providerWorkStarted: false });
  });

  it("lets a failure be continued, unless the operator forbids it", async () => {
    const continued = await runInPaperclip(context(), { env: {}, readPolicy: trustAgents });
    expect(continued.resultJson).toMatchObject({ conversationContinuation: "continue_conversation_v1" });
    const off = await runInPaperclip(context(), {
      env: { PAPERCLIP_K8S_AUTO_RECOVERY: "off" },
      readPolicy: trustAgents,
    });
    expect(off.errorCode).toBe(continued.errorCode);
    expect(off.resultJson).not.toHaveProperty("conversationContinuation");
  });

  it("survives a host whose callbacks throw", async () => {
    const ctx = context({
      onEvent: async () => {
        throw new Error("no");
      },
    });
    expect(await runInPaperclip(ctx, { env: {}, readPolicy: trustAgents })).toMatchObject({
      errorCode: "k8s_kubeconfig_invalid",
    });
  });
});
