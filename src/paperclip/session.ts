/** Claude Code's session across runs: what is remembered, and when it may be resumed. */
import type { AdapterExecutionContext, AdapterSessionCodec } from "@paperclipai/adapter-utils";
import { record, text } from "./wake.ts";

export interface SessionParams {
  readonly sessionId: string;
  /** Working directory of the session: Claude Code files its sessions under it. */
  readonly cwd?: string;
  /** The volume that holds the session's file, `NAMESPACE/CLAIM[/SUBPATH]`, or `none` when it went with the pod. */
  readonly home?: string;
  readonly workspaceId?: string;
  readonly repoUrl?: string;
  readonly repoRef?: string;
  /** What instructions and skills the session was started with. */
  readonly promptBundleKey?: string;
  /** Which MCP servers; absent when there were none. */
  readonly mcpServerIdentity?: string;
}

/** Names that earlier versions and other adapters stored. */
const ALIASES: Readonly<Record<keyof SessionParams, readonly string[]>> = {
  sessionId: ["sessionId", "session_id"],
  cwd: ["cwd", "workdir", "folder"],
  home: ["home"],
  workspaceId: ["workspaceId", "workspace_id"],
  repoUrl: ["repoUrl", "repo_url"],
  repoRef: ["repoRef", "repo_ref"],
  promptBundleKey: ["promptBundleKey", "prompt_bundle_key"],
  mcpServerIdentity: ["mcpServerIdentity", "mcp_server_identity"],
};

export function readSessionParams(raw: unknown): SessionParams | null {
  const source = record(raw);
  const params: Record<string, string> = {};
  for (const [name, aliases] of Object.entries(ALIASES)) {
    const value = aliases.map((alias) => text(source[alias])).find((found) => found !== null);
    if (value) params[name] = value;
  }
  return params.sessionId ? (params as unknown as SessionParams) : null;
}

export const sessionCodec: AdapterSessionCodec = {
  deserialize: (raw) => ({ ...readSessionParams(raw) }).sessionId ? { ...readSessionParams(raw) } : null,
  serialize: (params) => {
    const read = readSessionParams(params);
    return read ? { ...read } : null;
  },
  getDisplayId: (params) => readSessionParams(params)?.sessionId ?? null,
};

export interface ResumeDecision {
  /** The session to pass to `--resume`; null for a fresh one. */
  readonly sessionId: string | null;
  /** Why a remembered session is not resumed; null when there is none or it is. */
  readonly note: string | null;
  /** True when the session may lie in the home that the agent had before. */
  readonly isMoved: boolean;
}

/** As `home` of a session that went with its pod: left out, it would say that an older version began the session. */
export const NO_HOME = "none";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a session of this run would be started with. */
export interface SessionTerms {
  readonly cwd: string;
  readonly home: string | null;
  readonly promptBundleKey: string | null;
  readonly mcpServerIdentity: string | null;
}

/**
 * A session is resumed only where Claude Code can find it (same working directory, same volume), and only with what it
 * was started with: a resumed session is not told its instructions again.
 *
 * @param formerHome the home that the agent had before, from which its sessions can be brought along
 */
export function decideResume(
  runtime: AdapterExecutionContext["runtime"],
  now: SessionTerms,
  formerHome: string | null = null,
): ResumeDecision {
  const session = readSessionParams(runtime.sessionParams) ?? readSessionParams({ sessionId: runtime.sessionId });
  if (!session) return { sessionId: null, note: null, isMoved: false };
  const fresh = (why: string): ResumeDecision => ({
    sessionId: null,
    isMoved: false,
    note: `Session ${session.sessionId} is not resumed: ${why}. A fresh session starts.`,
  });
  if (!UUID.test(session.sessionId)) return fresh("its id is no UUID");
  if (now.home === null) return fresh("the pod has no volume that outlives it");
  if (session.home === NO_HOME) return fresh("it went with its pod");
  const isMoved = formerHome !== null && (session.home ?? formerHome) === formerHome;
  if (!isMoved && session.home !== undefined && session.home !== now.home)
    return fresh(`it lies on volume ${session.home}`);
  if (session.cwd !== undefined && session.cwd !== now.cwd) return fresh(`it belongs to ${session.cwd}`);
  const { promptBundleKey, mcpServerIdentity = null } = session;
  if (promptBundleKey !== undefined && promptBundleKey !== now.promptBundleKey)
    return fresh("its agent has other instructions or skills now");
  if (mcpServerIdentity !== now.mcpServerIdentity) return fresh("its agent has other MCP servers now");
  return { sessionId: session.sessionId, note: null, isMoved };
}
