/** Which results let Paperclip continue a task: those on which its own Claude adapter's would have it too. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { describe, expect, it } from "vitest";
import { continuationEvidence, withContinuation } from "../../src/paperclip/continuation.ts";

const result = (more: Partial<AdapterExecutionResult>): AdapterExecutionResult => ({
  exitCode: 0,
  signal: null,
  timedOut: false,
  ...more,
});
const policy = (more: Partial<AdapterExecutionResult>): unknown =>
  withContinuation(result(more)).resultJson?.conversationContinuation;
const acknowledged = { executionCancellation: { state: "acknowledged" } };

describe("withContinuation", () => {
  it.each<[string, Partial<AdapterExecutionResult>, string | undefined]>([
    ["a success", {}, undefined],
    ["a failure", { exitCode: 1, errorCode: "claude_error" }, "continue_conversation_v1"],
    [
      "a run that never had a container",
      { exitCode: null, errorCode: "k8s_config_invalid" },
      "continue_conversation_v1",
    ],
    ["a timeout", { timedOut: true }, "continue_conversation_v1"],
    ["a Stop that is proven", { errorCode: "cancelled", resultJson: acknowledged }, "continue_conversation_v1"],
    ["a Stop that is not", { errorCode: "cancelled", resultJson: {} }, undefined],
  ])("%s", (_, given, expected) => expect(policy(given)).toBe(expected));

  it("keeps the result's own words", () => {
    expect(withContinuation(result({ errorCode: "x", resultJson: { fix: "y" } })).resultJson).toMatchObject({
      fix: "y",
    });
  });
});

describe("the evidence", () => {
  it("names whose contract it claims, who we are, why, and the setting that forbids it", () => {
    expect(continuationEvidence).toMatchObject({
      eventType: "adapter.invoke",
      payload: { adapterType: "claude_local", actualAdapterType: "claude_k8s", setting: "PAPERCLIP_K8S_AUTO_RECOVERY" },
    });
    expect(continuationEvidence.message).toContain("claude_k8s");
  });
});
