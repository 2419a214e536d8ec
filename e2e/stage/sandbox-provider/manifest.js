export default {
  id: "e2e.sandbox-provider",
  apiVersion: 1,
  version: "1.0.0",
  displayName: "Sandboxes of nothing",
  description: "Paperclip in forced Kubernetes mode asks a provider of this key for a sandbox, for every run.",
  author: "end-to-end tests",
  categories: ["automation"],
  capabilities: ["environment.drivers.register"],
  entrypoints: { worker: "worker.js" },
  environmentDrivers: [
    {
      driverKey: "kubernetes",
      kind: "sandbox_provider",
      displayName: "Kubernetes",
      configSchema: { type: "object", properties: { inCluster: { type: "boolean" } } },
    },
  ],
};
