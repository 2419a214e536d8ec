/** What becomes of work that the agent has not pushed, in words. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge } from "../../../src/run/verdict/verdict.ts";
import type { Seal } from "../../../src/runner/seal.ts";
import { parseSeal } from "../../../src/runner/seal-message.ts";
import { agent, ended, evidenceOf, job, result, transcript } from "../support/evidence.ts";

type Left = NonNullable<Seal["workspace"]>;

const CLONE: Left = { branch: "task-7", volatile: true, commit: "0123abc", uncommitted: 0, unpushed: 0 };

const verdictOn = (workspace: Left) =>
  judge(evidenceOf([job(), ended(0, {}, { exitCode: 0, workspace }), agent({ result: result({}) }), transcript(3)]));

describe("work that is not pushed", () => {
  it.each<[string, Partial<Left>, string | null, boolean]>([
    ["nothing", {}, null, false],
    [
      "a file",
      { uncommitted: 1 },
      "The agent left 1 file that is not committed on branch task-7: they went with the pod.",
      true,
    ],
    [
      "files and a commit on a claim",
      { uncommitted: 2, unpushed: 1, volatile: false },
      "The agent left 2 files that are not committed and 1 commit that is not pushed on branch task-7, in its workspace, where the next run finds them.",
      false,
    ],
    [
      "commits that were pushed for it",
      { unpushed: 3, branch: "", savedAs: "paperclip/run-1" },
      "The agent left 3 commits that are not pushed: pushed to branch paperclip/run-1.",
      false,
    ],
    [
      "a commit that could not be",
      { unpushed: 1, notSaved: "fatal: Authentication failed" },
      "The agent left 1 commit that is not pushed on branch task-7: they went with the pod, for they could not be pushed: fatal: Authentication failed.",
      true,
    ],
    [
      "nobody knows what",
      { unknown: "not found out in time" },
      "Whether the agent left work that is not pushed is not known: not found out in time; its clone went with the pod.",
      true,
    ],
    ["nobody knows what, on a claim", { unknown: "not found out in time", volatile: false }, null, false],
  ])("is told: %s", (_, left, sentence, isLost) => {
    const { workLeft, evidence } = verdictOn({ ...CLONE, ...left });
    expect(workLeft).toEqual(sentence === null ? null : { sentence, isLost });
    if (sentence !== null) expect(evidence).toContain(sentence.replace(/\.$/, ""));
  });

  it("is a sentence or nothing, whatever a pod says of it", () => {
    const keys = ["branch", "volatile", "uncommitted", "unpushed", "savedAs", "notSaved", "unknown"];
    const forged = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue());
    fc.assert(
      fc.property(fc.oneof(forged, fc.jsonValue()), (workspace) => {
        const seal = { v: 1, runner: "node", ending: "exit", exitCode: 0, signal: null, workspace };
        const left = parseSeal(JSON.stringify(seal))?.workspace;
        if (left) expect(typeof (verdictOn(left).workLeft?.sentence ?? "")).toBe("string");
      }),
    );
  });

  it("goes without the logins of what git said", () => {
    const { workLeft } = verdictOn({ ...CLONE, unpushed: 1, notSaved: "fatal: https://me:t0p-secret@h/x failed" });
    expect(workLeft?.sentence).not.toContain("t0p-secret");
  });
});
