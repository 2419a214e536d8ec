/** As 0.1.53 was to Paperclip: type, flags, session parameters. It starts no Job: what it left in a cluster is the test's. */
export const type = "claude_k8s";

const sessionCodec = {
  deserialize: (raw) => (raw?.sessionId ? raw : null),
  serialize: (params) => (params?.sessionId ? params : null),
  getDisplayId: (params) => params?.sessionId ?? null,
};

export const createServerAdapter = () => ({
  type,
  sessionCodec,
  sessionManagement: {
    supportsSessionResume: true,
    nativeContextManagement: "confirmed",
    defaultSessionCompaction: {
      enabled: true,
      maxSessionRuns: 0,
      maxRawInputTokens: 0,
      maxSessionAgeHours: 0,
    },
  },
  supportsLocalAgentJwt: true,
  supportsInstructionsBundle: true,
  instructionsPathKey: "instructionsFilePath",
  requiresMaterializedRuntimeSkills: false,
  listModels: async () => [],
  testEnvironment: async () => ({ adapterType: type, status: "pass", checks: [], testedAt: new Date().toISOString() }),
  async execute({ authToken, context, onLog, runId }) {
    await onLog("stdout", '{"type":"result","subtype":"success","is_error":false,"result":"Done by the old one."}\n');
    // Its agent closed the task with its token.
    await fetch(`${process.env.PAPERCLIP_API_URL}/api/issues/${context.issueId}`, {
      method: "PATCH",
      headers: {
        authorization: `Bearer ${authToken}`,
        "content-type": "application/json",
        "x-paperclip-run-id": runId,
      },
      body: JSON.stringify({ status: "done" }),
    });
    const sessionId = crypto.randomUUID();
    return {
      exitCode: 0,
      signal: null,
      timedOut: false,
      sessionId,
      sessionParams: { sessionId, cwd: "/paperclip" },
      sessionDisplayId: sessionId,
      provider: "anthropic",
      billingType: "api",
      summary: "Done by the old one.",
      resultJson: { result: "Done by the old one." },
    };
  },
});
