/**
 * Keys of a configuration that are no settings of this adapter. None of them fails a run: Paperclip keeps keys of its own
 * beside ours (2026.916.1), and an agent keeps its keys when it moves here from another adapter. What would have had an
 * effect there is named; what has none anywhere, or works without us, is not.
 */
import { distance } from "fastest-levenshtein";
import { settings } from "./schema.ts";

export interface ConfigNotice {
  /** The keys, with commas. */
  readonly field: string;
  readonly kind: "unknown" | "no-effect";
  readonly level: "info" | "warn";
  /** A clause whose subject is the keys. */
  readonly message: string;
  /** What to do instead. */
  readonly fix: string;
}

export const sentenceOf = ({ field, message, fix }: ConfigNotice): string => `${field} ${message}. ${fix}`;

/** Works without us, or is Paperclip's own bookkeeping. Paperclip's page, API and services write these. */
const HOSTS_OWN = new Set([
  "instructionsRootPath",
  "instructionsEntryFile",
  "instructionsBundleMode",
  "agentsMdPath",
  "workspaceStrategy",
  "workspaceRuntime",
  "workspaceBaseRef",
  "workspaceBranchTemplate",
  "worktreeParentDir",
  "runtimeServices",
  "maxConcurrentRuns",
  "managedAiConnection",
]);

/** `access.ALIAS` grants the agent a secret, which it reads through Paperclip's API. */
const HOSTS_PREFIXES = ["paperclip", "access."];

interface Group {
  readonly keys: readonly string[];
  readonly level: ConfigNotice["level"];
  readonly message: string;
  readonly fix: string;
}

/** With an effect in another adapter, and none here. */
export const ineffective: Readonly<Record<string, Group>> = {
  network: {
    keys: ["networkScope", "networkAllowlist"],
    level: "warn",
    message: "has no effect on Kubernetes: the pod has the network that its namespace has",
    fix: "Restrict it with a NetworkPolicy that selects the agent's pods, by `paperclip.io/agent-id` or a label that you set in `labels`.",
  },
  filesystem: {
    keys: ["filesystemScope", "filesystemExtraPaths", "filesystemSandboxCommand"],
    level: "warn",
    message:
      "has no effect on Kubernetes: the pod sees its image, its home and its workspaces, and nothing else of any machine",
    fix: "A private home is the default (`home` of the policy); or set `homeClaim` for a volume of the agent's own.",
  },
  acp: {
    keys: [
      "engine",
      "mode",
      "agentCommand",
      "stateDir",
      "permissionMode",
      "nonInteractivePermissions",
      "warmHandleIdleMs",
      "acpMode",
      "acpAgentCommand",
      "acpStateDir",
      "acpPermissionMode",
      "acpNonInteractivePermissions",
      "acpWarmHandleIdleMs",
      "acpxAgent",
    ],
    level: "info",
    message: "has no effect here: it belongs to the ACP engine, and a Job runs Claude Code's command line",
    fix: "No action is needed.",
  },
  adapters: {
    keys: [
      "provider",
      "variant",
      "reasoningEffort",
      "modelReasoningEffort",
      "search",
      "fastMode",
      "lifecycleMode",
      "sessionMode",
      "persistSession",
      "sessionKeyStrategy",
      "managedMcpOnly",
      "dangerouslyBypassSandbox",
      "dangerouslyBypassApprovalsAndSandbox",
    ],
    level: "info",
    message: "has no effect here: it belongs to another adapter",
    fix: "No action is needed.",
  },
  retired: {
    keys: ["enableRtk", "rtkMaxOutputBytes"],
    level: "info",
    message: "has no effect any more: tool output is not filtered",
    fix: "No action is needed.",
  },
  secret: {
    keys: ["secretRef"],
    level: "info",
    message: "has no effect any more: no such Secret is needed",
    fix: "No action is needed.",
  },
};

/** True for a key that needs no notice with this value. */
export function isSilent(key: string, value: unknown): boolean {
  if (HOSTS_OWN.has(key) || HOSTS_PREFIXES.some((prefix) => key.startsWith(prefix))) return true;
  // "auto" and "cli" ask for what they get; false and an empty list ask for nothing.
  if (key === "engine" && (value === "auto" || value === "cli")) return true;
  const isKnown = Object.values(ineffective).some(({ keys }) => keys.includes(key));
  return isKnown && (value === false || (Array.isArray(value) && value.length === 0));
}

/** One notice for each group of keys, and for each unknown key. */
export function noticesOf(configured: readonly string[]): ConfigNotice[] {
  const known = Object.values(ineffective).flatMap(({ keys, message, ...group }): ConfigNotice[] => {
    const found = keys.filter((key) => configured.includes(key));
    if (found.length === 0) return [];
    const plural = message.replace(/^has /, "have ").replace(": it belongs", ": they belong");
    return [{ field: found.join(", "), kind: "no-effect", message: found.length > 1 ? plural : message, ...group }];
  });
  const all = new Set(Object.values(ineffective).flatMap(({ keys }) => keys));
  const unknown = configured.filter((key) => !all.has(key));
  return [...known, ...unknown.slice(0, MOST_UNKNOWN).map(unknownKey), ...furtherKeys(unknown.length - MOST_UNKNOWN)];
}

/** Unknown keys that are named. */
const MOST_UNKNOWN = 20;

function furtherKeys(count: number): ConfigNotice[] {
  if (count <= 0) return [];
  const fix = "Remove them from the agent's configuration.";
  const message = "are not settings of claude_k8s and have no effect";
  return [{ field: `${count} more keys`, kind: "unknown", level: "warn", message, fix }];
}

/** Characters of the longest key that may be meant for one of ours. */
const LONGEST_GUESSED = 64;
/** Of a longer one, those that are named. */
const NAMED = 80;

/** Letters that a key may differ from the one that was meant. */
const MAX_TYPO_DISTANCE = 2;

function unknownKey(key: string): ConfigNotice {
  const near = key.length > LONGEST_GUESSED ? null : nearestTo(key);
  return {
    field: key.length > NAMED ? `${key.slice(0, NAMED)}…` : key,
    kind: "unknown",
    level: "warn",
    message: "is not a setting of claude_k8s and has no effect",
    fix: near === null ? "Remove it from the agent's configuration." : `Did you mean ${near}?`,
  };
}

/** The setting that a key is a slip for; null when none is near. */
function nearestTo(key: string): string | null {
  const nearest = settings
    .map(([known]) => ({ known, letters: distance(known.toLowerCase(), key.toLowerCase()) }))
    .reduce((best, next) => (next.letters < best.letters ? next : best));
  return nearest.letters <= MAX_TYPO_DISTANCE ? nearest.known : null;
}
