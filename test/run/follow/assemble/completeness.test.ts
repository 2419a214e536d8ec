import { describe, expect, it } from "vitest";
import { completeness } from "../../../../src/run/follow/assemble/completeness.ts";
import { Transcript } from "../../../../src/run/follow/assemble/transcript.ts";
import type { Seal } from "../../../../src/runner/seal.ts";

const silent = (): Transcript =>
  new Transcript({ sink: { push: () => undefined, notice: () => undefined }, onEvent: () => undefined }, 1024);
const END = { stopped: false, unread: null, podGone: false, undelivered: { gaps: [], lines: 0 } };
const why = (seal: Seal | null, podGone = false): unknown =>
  (completeness(silent(), seal, { ...END, podGone }) as { why?: string }).why;
const sh: Seal = { v: 1, runner: "sh", exitCode: null, signal: null, ending: "terminated" };

describe("why a transcript without a line is unproven", () => {
  it("an agent that was never started says nothing of the image", () => {
    expect(why(sh)).toBe("the agent was not started, and the runner counted no lines");
  });

  it("an agent that ran under sh, or that may have, was not counted for want of Node", () => {
    expect(why({ ...sh, exitCode: 0, ending: "exit" })).toContain("no Node");
    expect(why({ ...sh, ending: "unknown", partial: true })).toContain("no Node");
  });

  it("says what was seen of the seal: killed, cut, gone with its pod, or none", () => {
    const node: Seal = { ...sh, runner: "node", exitCode: 0, ending: "exit" };
    expect(why({ ...node, partial: true })).toContain("was killed");
    expect(why({ ...node, cut: true })).toContain("cut the runner's seal");
    expect(why(null, true)).toContain("the pod was gone");
    expect(why(null)).toBe("the container ended, and its runner had left no seal");
  });
});

describe("missing lines", () => {
  it("stand in their order; those that nobody had read when the run was let go are told as that", () => {
    const counted: Seal = {
      ...sh,
      runner: "node",
      exitCode: 0,
      ending: "exit",
      stdout: { lines: 9, bytes: 90, sha256: "0", newline: true },
    };
    const refused = { cause: "undelivered", why: "no space left" } as const;
    const gaps = [
      { channel: "stderr", from: 1, to: 2, ...refused },
      { channel: "stdout", from: 0, to: 0, ...refused },
    ] as const;
    const missing = (stopped: boolean): unknown =>
      completeness(silent(), counted, { ...END, stopped, undelivered: { gaps, lines: 0 } });
    const all = (why: string): unknown => ({
      state: "missing",
      lines: 0,
      gaps: [gaps[1], { channel: "stdout", from: 1, to: 9, cause: "lost", why }, gaps[0]],
    });
    expect(missing(true)).toEqual(all("they had not been read when the run was let go"));
    expect(missing(false)).toEqual(all("never arrived"));
  });
});
