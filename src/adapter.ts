/** Wires the host's ServerAdapterModule to the parts, each loaded on first use. */
import type { AdapterSessionManagement, ServerAdapterModule } from "@paperclipai/adapter-utils";
import { agentConfigurationDoc } from "./config/documentation.ts";
import { configForm } from "./config/form.ts";
import { models } from "./config/models/known-models.ts";
import { createModelList } from "./config/models/list-models.ts";
import { type } from "./identity.ts";
import { keepServingMetrics } from "./metrics.ts";
import { sessionCodec } from "./paperclip/session.ts";
import { keepSupervising } from "./supervision.ts";

/** Claude Code compacts its own context: Paperclip is not to rotate sessions by size or age. */
const sessionManagement: AdapterSessionManagement = {
  supportsSessionResume: true,
  nativeContextManagement: "confirmed",
  defaultSessionCompaction: { enabled: true, maxSessionRuns: 0, maxRawInputTokens: 0, maxSessionAgeHours: 0 },
};

export function createAdapter(): ServerAdapterModule {
  keepSupervising();
  keepServingMetrics();
  const modelList = createModelList();
  return {
    type,
    models,
    listModels: modelList.list,
    refreshModels: modelList.refresh,
    agentConfigurationDoc,
    getConfigSchema: configForm,
    sessionCodec,
    sessionManagement,
    supportsLocalAgentJwt: true,
    supportsInstructionsBundle: true,
    instructionsPathKey: "instructionsFilePath",
    requiresMaterializedRuntimeSkills: false,
    // Paperclip then gives its connection tools as an MCP server among the run's others.
    runtimeToolDelivery: "native_mcp",
    listSkills: async (ctx) => (await import("./paperclip/skills.ts")).listSkills(ctx),
    // Which skills an agent has is in its configuration; its next pod gets them.
    syncSkills: async (ctx) => (await import("./paperclip/skills.ts")).listSkills(ctx),
    execute: async (ctx) => (await import("./run/in-paperclip.ts")).runInPaperclip(ctx),
    testEnvironment: async (ctx) => (await import("./doctor/test-environment.ts")).testEnvironment(ctx),
  };
}
