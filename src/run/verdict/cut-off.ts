import type { VerdictCode } from "../shared/codes.ts";
import type { Facts } from "./facts.ts";

/**
 * The code of a run that the cluster ended. The contract calls every answer that was cut off `claude_truncated`,
 * whatever cut it; the verdict's kind tells the cause.
 */
export function cutOff({ agent }: Facts, otherwise: VerdictCode): VerdictCode {
  return agent.progress === "content" && !agent.result ? "claude_truncated" : otherwise;
}
