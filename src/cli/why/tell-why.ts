/** `why`: the explanation in words. */
import { count } from "../../format/numbers.ts";
import { look, pickRun } from "../../operate/look/open.ts";
import type { Scope } from "../../operate/look/scope.ts";
import { type Explanation, explainFromRecord, explainRun } from "../../operate/run/explain-run.ts";
import { inWords } from "../logs/completeness.ts";
import { nowhere } from "../logs/show-logs.ts";
import { note, print, printJson } from "../output.ts";
import { age, shortId } from "../terminal/age.ts";
import { type Fact, facts } from "../terminal/facts.ts";
import { listenForInterruption } from "../terminal/interruption.ts";
import { openWaiting } from "../terminal/waiting.ts";
import { verdictFacts } from "./verdict-facts.ts";

const tell = (message: string): void => note("why", message);

export async function tellWhy(scope: Scope, word: string, json: boolean): Promise<number> {
  using waiting = openWaiting();
  waiting.show("asking the cluster");
  await using seen = await look({ scope, env: process.env, tell, signal: listenForInterruption() });
  const show = (text: string): void => waiting.show(text);
  const found = pickRun(seen, word);
  const explanation = found ? await explainRun(seen, found, show) : await explainFromRecord(seen, word, tell);
  waiting.hide();
  for (const sentence of seen.unseen) tell(sentence);
  if (!explanation) return nowhere(seen, word);
  if (json) printJson(explanation);
  else print(`${facts(factsOf(explanation), process.stdout).join("\n")}\n`);
  return isGood(explanation) ? 0 : 1;
}

function isGood(explanation: Explanation): boolean {
  switch (explanation.kind) {
    case "ended":
      return explanation.verdict.kind === "completed";
    case "living":
      return true;
    case "recorded":
      return explanation.record.isAlive || explanation.record.status === "succeeded";
  }
}

function factsOf(explanation: Explanation): readonly Fact[] {
  switch (explanation.kind) {
    case "ended": {
      const { verdict, transcript, run, outlook } = explanation;
      const lines = transcript ? inWords(transcript).replace(/^Lines: /, "") : null;
      return [
        ...verdictFacts(verdict),
        fact("lines", lines),
        fact("job", `${run.namespace}/${run.job}`),
        fact("next", outlook),
      ].flat();
    }
    case "living":
      return living(explanation);
    case "recorded": {
      const { status, sentence, evidence, fix, errorCode, isAlive } = explanation.record;
      const tone = isAlive ? undefined : status === "succeeded" ? "good" : "bad";
      return [
        { name: status, text: sentence ?? "Paperclip has no word of the adapter's on it.", ...(tone ? { tone } : {}) },
        ...evidence.map((text, index) => ({ name: index === 0 ? "because" : "", text })),
        ...fact("fix", fix),
        ...fact("code", errorCode),
        { name: "source", text: "Paperclip's record; its Job is gone" },
      ];
    }
  }
}

function living({ run, doing, fix, outlook }: Extract<Explanation, { kind: "living" }>): readonly Fact[] {
  const since = `for ${age(run.created, Date.now())}`;
  const where = run.node ? ` on node ${run.node}` : "";
  return [
    { name: run.phase, text: run.why ?? `Its agent runs${where}, ${since}` },
    ...fact("calls", doing?.activity?.tool ?? null),
    ...fact("says", doing?.activity?.text ?? null),
    ...fact("lines", doing?.lines == null ? null : `${count(doing.lines)} so far`),
    ...fact("fix", run.why === null ? null : fix),
    {
      name: "run",
      text: `${run.run ?? "none"}${run.task ? `, task ${shortId(run.task)}` : ""}, agent ${run.agent.name ?? run.agent.id}`,
    },
    { name: "job", text: `${run.namespace}/${run.job}` },
    ...fact("next", outlook),
  ];
}

const fact = (name: string, text: string | null): Fact[] => (text === null ? [] : [{ name, text }]);
