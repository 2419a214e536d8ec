import type { Refusal } from "./turn.ts";

/**
 * The errors of the Messages API that an agent run meets, with status, type and words as the real API has them. Claude
 * Code 2.1.330 retries 401, 429 without a unified status, 500 and 529, and gives up at once on the others.
 */
export const refusals = {
  authentication: () => refusal(401, "authentication_error", "invalid x-api-key"),
  permission: () =>
    refusal(403, "permission_error", "Your API key does not have permission to use the specified resource."),
  credit: () =>
    refusal(
      400,
      "invalid_request_error",
      "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
    ),
  unknownModel: (model: string) => refusal(404, "not_found_error", `model: ${model}`),
  server: () => refusal(500, "api_error", "Internal server error"),
  overloaded: () => refusal(529, "overloaded_error", "Overloaded"),

  /** Too many requests in a short time. @param retryAfterSec seconds, in the `retry-after` header */
  rateLimit: (retryAfterSec = 1) =>
    refusal(
      429,
      "rate_limit_error",
      "This request would exceed your organization's rate limit of 50 requests per minute.",
      {
        "retry-after": String(retryAfterSec),
      },
    ),

  /**
   * A subscription's quota is used up.
   * @param resetsAt seconds since 1970
   * @param claim which window is full
   */
  quota: (resetsAt: number, claim: "five_hour" | "seven_day" = "five_hour") =>
    refusal(429, "rate_limit_error", "Usage limit reached", {
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": String(resetsAt),
      "anthropic-ratelimit-unified-representative-claim": claim,
      [`anthropic-ratelimit-unified-${claim === "five_hour" ? "5h" : "7d"}-status`]: "rejected",
      [`anthropic-ratelimit-unified-${claim === "five_hour" ? "5h" : "7d"}-reset`]: String(resetsAt),
    }),
} as const;

function refusal(status: number, type: string, message: string, headers: Record<string, string> = {}): Refusal {
  return { kind: "refusal", status, error: { type, message }, headers };
}
