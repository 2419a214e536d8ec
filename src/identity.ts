/** What the adapter calls itself. */
export const type = "claude_k8s";
export const label = "Claude (Kubernetes)";
