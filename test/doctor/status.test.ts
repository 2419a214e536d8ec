import { describe, expect, it } from "vitest";
import { info, problem } from "../../src/doctor/check.ts";
import { probeLimitSec } from "../../src/doctor/hello.ts";
import { conclusive, statusOf } from "../../src/doctor/status.ts";

describe("the whole of the checks", () => {
  it("is as bad as the worst", () => {
    const [good, warning, bad] = [info("a", "A"), problem("warn", "b", "B", "b"), problem("error", "c", "C", "c")];
    expect([[], [good], [good, warning], [bad, warning]].map(statusOf)).toEqual(["pass", "pass", "warn", "fail"]);
  });

  it("drops what a pod has disproved, and nothing else", () => {
    const guess = problem("error", "claude_credentials_missing", "None", "Set one");
    const other = problem("warn", "k8s_pvc_not_detected", "No volume", "Set one");
    expect(conclusive([guess, other])).toEqual([guess, other]);
    const passed = info("claude_hello_probe_passed", "Hello");
    expect(conclusive([guess, other, passed])).toEqual([other, passed]);
  });
});

describe("the time of the hello probe", () => {
  it.each([
    [undefined, 90],
    [null, 90],
    ["", 90],
    [20, 20],
    ["45", 45],
    [0.2, 1],
    [-5, 90],
    ["soon", 90],
    [1e9, 600],
  ])("%j means %i s", (helloProbeTimeoutSec, seconds) => {
    expect(probeLimitSec({ helloProbeTimeoutSec })).toBe(seconds);
  });
});
