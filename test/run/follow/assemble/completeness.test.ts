import { describe, expect, it } from "vitest";
import { completeness } from "../../../../src/run/follow/assemble/completeness.ts";
import { Transcript } from "../../../../src/run/follow/assemble/transcript.ts";
import type { Seal } from "../../../../src/runner/seal.ts";

const silent = (): Transcript =>
  new Transcript({ sink: { push: () => undefined, notice: () => undefined }, onEvent: () => undefined }, 1024);
const END = { stopped: false, unread: null, undelivered: { gaps: [], lines: 0 } };
const why = (seal: Seal | null): unknown => (completeness(silent(), seal, END) as { why?: string }).why;
const sh: Seal = { v: 1, runner: "sh", exitCode: null, signal: null, ending: "terminated" };

describe("why a transcript without a line is unproven", () => {
  it("an agent that was never started says nothing of the image", () => {
    expect(why(sh)).toBe("the agent was not started, and the runner counted no lines");
  });

  it("an agent that ran under sh, or that may have, was not counted for want of Node", () => {
    expect(why({ ...sh, exitCode: 0, ending: "exit" })).toContain("no Node");
    expect(why({ ...sh, ending: "unknown", partial: true })).toContain("no Node");
  });

  it("no seal is no seal", () => expect(why(null)).toContain("left no seal"));
});
