import type { AdapterExecutionResult, UsageSummary } from "@paperclipai/adapter-utils";
import { completeness, type TranscriptFacts } from "../../src/cli/logs/completeness.ts";
import { count, dollars } from "../../src/format/numbers.ts";
import type { Durations, VerdictEvent } from "../demo-event.ts";

/** One line of the verdict: a name, and what there is to say. */
export interface Fact {
  readonly name: string;
  readonly text: string;
  readonly tone?: "good" | "bad";
}

export function hasSucceeded(result: AdapterExecutionResult): boolean {
  return result.exitCode === 0 && !result.timedOut && !result.errorCode && !result.errorMessage;
}

/** The part of the adapter's resultJson that is for people. */
interface Account {
  readonly sentence?: string;
  /** How the adapter knows, strongest first. */
  readonly evidence?: readonly string[];
  readonly fix?: string;
  readonly transcript?: TranscriptFacts | null;
}

/** What Paperclip would record of the run, for a person. */
export function verdictFacts({ result, durations, billed }: VerdictEvent): Fact[] {
  const account: Account = result.resultJson ?? {};
  const headline: Fact = hasSucceeded(result)
    ? { name: "✓", text: account.sentence ?? "The run succeeded.", tone: "good" }
    : { name: "✗", text: account.sentence ?? result.errorMessage ?? "The run failed.", tone: "bad" };
  return [
    headline,
    ...(hasSucceeded(result) ? [] : failureFacts(result, account)),
    ...known("session", result.sessionId),
    ...known("lines", account.transcript && completeness(account.transcript)),
    ...known("tokens", result.usage && tokens(result.usage)),
    ...known("cost", typeof result.costUsd === "number" && cost(result.costUsd, billed)),
    { name: "time", text: times(durations) },
  ];
}

/** What nobody knows is no line. */
function known(name: string, text: string | false | null | undefined): Fact[] {
  return text ? [{ name, text }] : [];
}

function failureFacts(result: AdapterExecutionResult, account: Account): Fact[] {
  const because = account.evidence?.length
    ? account.evidence
    : [`code ${result.errorCode ?? "none"}, exit code ${result.exitCode ?? "none"}`];
  return [
    ...because.map((text, index) => ({ name: index === 0 ? "because" : "", text })),
    ...(account.fix ? [{ name: "fix", text: account.fix }] : []),
  ];
}

function tokens(usage: UsageSummary): string {
  const cached = usage.cachedInputTokens ? ` (and ${count(usage.cachedInputTokens)} cached)` : "";
  return `${count(usage.inputTokens)} in${cached} · ${count(usage.outputTokens)} out`;
}

function cost(costUsd: number, billed: boolean): string {
  return billed ? dollars(costUsd) : `${dollars(costUsd)} by list price; nothing is billed`;
}

function times({ podReady, agent, run }: Durations): string {
  const parts = [
    podReady !== undefined && `pod running after ${seconds(podReady)}`,
    agent !== undefined && `Claude Code ${seconds(agent)}`,
    `all ${seconds(run)}`,
  ];
  return parts.filter(Boolean).join(" · ");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
