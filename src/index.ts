/**
 * The package's face, and all that the host loads at its start: runs that it resumes while adapters load must find us
 * (measured: a slow import loses them), so everything else is imported when it is first used.
 */
import type { ServerAdapterModule } from "@paperclipai/adapter-utils";
import { createAdapter } from "./adapter.ts";

export { agentConfigurationDoc } from "./config/documentation.ts";
export { models } from "./config/models/known-models.ts";
export { label, type } from "./identity.ts";

/** The adapter module for Paperclip's plug-in loader. */
export function createServerAdapter(): ServerAdapterModule {
  return createAdapter();
}
