/** What the adapter calls itself, and the models it offers. */
import type { AdapterModel } from "@paperclipai/adapter-utils";

export const type = "claude_k8s";
export const label = "Claude (Kubernetes)";

/** The models of Paperclip's own Claude adapter (2026.916.1); any other id can be typed. */
export const models: AdapterModel[] = [
  { id: "claude-opus-5", label: "Claude Opus 5" },
  { id: "claude-opus-4-8", label: "Claude Opus 4.8" },
  { id: "claude-opus-4-7", label: "Claude Opus 4.7" },
  { id: "claude-opus-4-6", label: "Claude Opus 4.6" },
  { id: "claude-sonnet-5", label: "Claude Sonnet 5" },
  { id: "claude-sonnet-4-6", label: "Claude Sonnet 4.6" },
  { id: "claude-sonnet-4-5", label: "Claude Sonnet 4.5" },
  { id: "claude-fable-5-1", label: "Claude Fable 5.1" },
  { id: "claude-fable-5", label: "Claude Fable 5" },
  { id: "claude-mythos-5", label: "Claude Mythos 5" },
  { id: "claude-haiku-4-5", label: "Claude Haiku 4.5" },
];
