import { definePlugin, runWorker } from "@paperclipai/plugin-sdk";

const cwd = "/nowhere";

const plugin = definePlugin({
  async setup() {},
  onEnvironmentValidateConfig: async ({ config }) => ({ ok: true, normalizedConfig: config }),
  onEnvironmentAcquireLease: async ({ runId }) => ({ providerLeaseId: `lease-${runId}`, metadata: { remoteCwd: cwd } }),
  onEnvironmentRealizeWorkspace: async () => ({ cwd }),
  async onEnvironmentReleaseLease() {},
  async onEnvironmentDestroyLease() {},
});

export default plugin;
runWorker(plugin, import.meta.url);
