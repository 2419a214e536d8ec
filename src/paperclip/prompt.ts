/** The prompt, made of the same sections, by the same functions and in the same order as Paperclip's claude_local. */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import {
  DEFAULT_PAPERCLIP_AGENT_PROMPT_TEMPLATE,
  DEFAULT_PAPERCLIP_CONVERSATION_PROMPT_TEMPLATE,
  isPaperclipRecoveryWakePayload,
  joinPromptSections,
  renderPaperclipWakePrompt,
  renderTemplate,
  selectPaperclipTaskMarkdown,
} from "@paperclipai/adapter-utils/server-utils";
import { text } from "./wake.ts";

export interface Prompt {
  readonly text: string;
  /** Characters of each section, as the host's run record shows them. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface PromptInput {
  readonly ctx: Pick<AdapterExecutionContext, "runId" | "agent" | "context">;
  readonly promptTemplate: string | null;
  readonly bootstrapPromptTemplate: string | null;
  /** True when Claude Code resumes a session, which has the earlier sections already. */
  readonly resumes: boolean;
}

export function buildPrompt({ ctx, promptTemplate, bootstrapPromptTemplate, resumes }: PromptInput): Prompt {
  const { context, agent, runId } = ctx;
  const conversationMode = context.conversationMode === true;
  const data = {
    agentId: agent.id,
    companyId: agent.companyId,
    runId,
    company: { id: agent.companyId },
    agent,
    run: { id: runId, source: "on_demand" },
    context,
  };
  const bootstrap = resumes || !bootstrapPromptTemplate ? "" : renderTemplate(bootstrapPromptTemplate, data).trim();
  const task = selectPaperclipTaskMarkdown(context, { resumedSession: resumes });
  const wake = renderPaperclipWakePrompt(context.paperclipWake, {
    resumedSession: resumes,
    conversationMode,
    suppressIssueDescription: task.length > 0,
  });
  const handoff = text(context.paperclipSessionHandoffMarkdown) ?? "";
  const template =
    promptTemplate ??
    (conversationMode ? DEFAULT_PAPERCLIP_CONVERSATION_PROMPT_TEMPLATE : DEFAULT_PAPERCLIP_AGENT_PROMPT_TEMPLATE);
  const knowsTheTemplate = (resumes && wake.length > 0) || isPaperclipRecoveryWakePayload(context.paperclipWake);
  const heartbeat = knowsTheTemplate ? "" : renderTemplate(template, data);
  const prompt = joinPromptSections([bootstrap, wake, handoff, task, heartbeat]);
  return {
    text: prompt,
    metrics: {
      promptChars: prompt.length,
      bootstrapPromptChars: bootstrap.length,
      wakePromptChars: wake.length,
      sessionHandoffChars: handoff.length,
      taskContextChars: task.length,
      heartbeatPromptChars: heartbeat.length,
    },
  };
}
