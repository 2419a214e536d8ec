/** Enters what a run used on Paperclip's ledger, with its agent's own token: an agent may report its own costs, and only those. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";

export interface CostEvent {
  readonly agentId: string;
  readonly heartbeatRunId: string;
  readonly issueId: string | null;
  readonly provider: string;
  readonly biller: string;
  readonly billingType: "metered_api" | "subscription_included" | "unknown";
  /** `unpriced`: tokens whose price nobody told. */
  readonly costStatus: "reported" | "unpriced";
  readonly model: string;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly costCents: number;
  /** RFC 3339. */
  readonly occurredAt: string;
}

export type Bill = Pick<AdapterExecutionResult, "usage" | "costUsd" | "provider" | "biller" | "billingType" | "model">;

/** What the server itself enters for such a result (2026.916.1); null: nothing was used. */
export function costEventOf(
  { usage, costUsd, provider, biller, billingType, model }: Bill,
  run: Pick<CostEvent, "agentId" | "heartbeatRunId" | "issueId" | "occurredAt">,
): CostEvent | null {
  const { inputTokens = 0, cachedInputTokens = 0, outputTokens = 0 } = usage ?? {};
  const isSubscription = billingType === "subscription";
  const costCents = isSubscription ? 0 : Math.max(0, Math.round((costUsd ?? 0) * 100));
  const hasTokens = inputTokens + cachedInputTokens + outputTokens > 0;
  if (costCents === 0 && !hasTokens) return null;
  const isMetered = billingType === "api" || billingType === "metered_api";
  return {
    ...run,
    provider: provider ?? "unknown",
    biller: biller ?? provider ?? "unknown",
    billingType: isSubscription ? "subscription_included" : isMetered ? "metered_api" : "unknown",
    costStatus: (costUsd ?? null) === null && hasTokens ? "unpriced" : "reported",
    model: model ?? "unknown",
    inputTokens,
    cachedInputTokens,
    outputTokens,
    costCents,
  };
}

export type EntryAnswer =
  | { readonly kind: "entered" }
  /** Paperclip certainly has not heard it. */
  | { readonly kind: "unheard"; readonly why: string }
  /** It refused, or nobody knows whether it has entered it. */
  | { readonly kind: "failed"; readonly why: string };

export interface EntryRequest {
  /** Address of Paperclip's API as this process reaches it. */
  readonly url: string;
  readonly token: string;
  readonly companyId: string;
  readonly event: CostEvent;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 20_000;
/** No connection came about. */
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/** Never rejects. */
export async function enterCost({ url, token, companyId, event, signal }: EntryRequest): Promise<EntryAnswer> {
  try {
    const response = await fetch(new URL(`/api/companies/${encodeURIComponent(companyId)}/cost-events`, url), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(event),
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), signal]),
      redirect: "manual",
    });
    const words = await response.text();
    if (response.ok) return { kind: "entered" };
    return { kind: "failed", why: `Paperclip answered with ${response.status}: ${words.slice(0, 300)}` };
  } catch (error) {
    const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    return { kind: NEVER_SENT.has(code) ? "unheard" : "failed", why: code || message };
  }
}
