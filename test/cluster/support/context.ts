/** What Paperclip hands to execute(), made from plain data that another process can be sent as well. */
import { randomBytes } from "node:crypto";
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import { mintToken, TOKEN_SECRET } from "../../support/run-token.ts";

export interface RunSettings {
  readonly runId: string;
  readonly agentId: string;
  /** The agent: a program for sh, which gets Claude Code's arguments and its prompt on stdin. */
  readonly agent: string;
  /** On top of what a small agent in this place needs. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What the host says about the wake-up. */
  readonly wake: Readonly<Record<string, unknown>>;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly image: string;
}

/** What the adapter sees of the environment of Paperclip's server, where a test says nothing else. */
export const SERVER_ENV: NodeJS.ProcessEnv = { PAPERCLIP_AGENT_JWT_SECRET: TOKEN_SECRET };

export const freshId = (): string => randomBytes(6).toString("hex");

/** A run in that place: a new one of a new agent, unless `more` says otherwise. */
export function settingsOf(
  { kubeconfig, namespace, image }: Pick<RunSettings, "kubeconfig" | "namespace" | "image">,
  more: Partial<RunSettings> & Pick<RunSettings, "agent">,
): RunSettings {
  const ids = { runId: `run-${freshId()}`, agentId: `agent-${freshId()}` };
  return { kubeconfig, namespace, image, ...ids, config: {}, wake: {}, ...more };
}

export type Callbacks = Pick<AdapterExecutionContext, "onLog" | "onEvent" | "signal">;

export function contextOf(settings: RunSettings, callbacks: Callbacks): AdapterExecutionContext {
  const { runId, agentId, agent, config, wake, kubeconfig, namespace, image } = settings;
  // What Paperclip has stored of the agent's instructions: only a task can override it.
  const stored = Object.fromEntries(Object.entries(config).filter(([key]) => key.startsWith("instructions")));
  return {
    runId,
    agent: { id: agentId, companyId: "company", name: "Ada", adapterType: "claude_k8s", adapterConfig: stored },
    runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: "task" },
    config: {
      kubeconfig,
      namespace,
      image,
      command: ["sh", "-c", agent, "claude"],
      "resources.requests.cpu": "50m",
      "resources.requests.memory": "64Mi",
      "resources.limits.memory": "512Mi",
      graceSec: 5,
      ...config,
    },
    context: { taskId: "task-1", ...wake },
    authToken: mintToken({ agentId, companyId: "company", runId }),
    onCancellationReady: () => Promise.resolve(),
    ...callbacks,
  };
}
