/** A verdict, for people. Pure. */
import type { Verdict } from "../../run/verdict/verdict.ts";
import type { Fact } from "../terminal/facts.ts";

export function verdictFacts(verdict: Verdict): readonly Fact[] {
  const isGood = verdict.kind === "completed";
  const because = verdict.evidence.map((text, index) => ({ name: index === 0 ? "because" : "", text }));
  const session = verdict.sessionId === null ? [] : [{ name: "session", text: verdict.sessionId }];
  return [
    { name: isGood ? "✓" : "✗", text: verdict.sentence, tone: isGood ? "good" : "bad" },
    ...because,
    ...(isGood
      ? []
      : [
          { name: "fix", text: verdict.fix },
          { name: "code", text: verdict.code },
        ]),
    ...session,
  ];
}
