import type { AdapterEnvironmentCheck } from "@paperclipai/adapter-utils";
import type { Verdict } from "../../run/verdict/verdict.ts";
import { info, type PodCheck, problem } from "../check.ts";

/** Did Claude Code answer? Codes as Paperclip's pages know them from claude_local. */
export const checkHello: PodCheck = ({ probe, limitSec }) => {
  const { outcome, facts, tookSec } = probe;
  switch (outcome.kind) {
    case "not-launched": {
      const { message, fix } = outcome.fault;
      return [
        problem("error", "claude_hello_probe_failed", `The hello probe could not be started: ${message}`, fix ?? READ),
      ];
    }
    case "timed-out":
      return [timedOut(outcome.stage, limitSec)];
    case "ended": {
      if (facts && !facts.program)
        return [
          info(
            "claude_hello_probe_skipped_unresolved_command",
            "Claude Code was not asked: the image does not have it.",
          ),
        ];
      if (outcome.waiting)
        return [
          problem("error", "claude_hello_probe_failed", "Claude Code was not asked: its pod did not start.", START),
        ];
      if (facts?.program && facts.version === null && isNotExecutable(outcome.verdict))
        return [notExecutable(facts.program, outcome.verdict.exitCode)];
      return [judged(outcome.verdict, tookSec)];
    }
  }
};

/** As shells have it, and so the probe's: the kernel cannot start the program, although it is there. */
const isNotExecutable = ({ exitCode }: Verdict): boolean => exitCode === 126 || exitCode === 127;

function notExecutable(program: string, exitCode: number | null): AdapterEnvironmentCheck {
  const message = `The image has ${program}, and cannot run it (exit code ${exitCode}).`;
  const fix =
    "Install a Claude Code that fits the image's libc (Debian's does not run on Alpine) and the node's processor; a second image (cliImage) must fit too.";
  return problem("error", "claude_hello_probe_failed", message, fix);
}

const READ = "Read the message.";
const START = "Do what the check on the pod's start says, then test again.";

function timedOut(stage: "launching" | "waiting" | "running", limitSec: number): AdapterEnvironmentCheck {
  const code = "claude_hello_probe_timed_out";
  const longer = "give it more time (helloProbeTimeoutSec in the agent's configuration, seconds)";
  const within = `within ${limitSec} s`;
  switch (stage) {
    case "launching":
      return problem(
        "warn",
        code,
        `The cluster did not take the hello probe ${within}.`,
        "Test again when the cluster answers.",
      );
    case "waiting":
      return problem(
        "warn",
        code,
        `The hello probe's pod did not start ${within}.`,
        `Do what the check on the pod's start says, or ${longer}.`,
      );
    case "running": {
      const fix = `Check that the pod reaches the model's API (ANTHROPIC_BASE_URL, proxies, NetworkPolicies), or ${longer}.`;
      return problem("warn", code, `Claude Code started and did not answer ${within}.`, fix);
    }
  }
}

function judged(verdict: Verdict, tookSec: number): AdapterEnvironmentCheck {
  const unexpected = (what: string) =>
    problem("warn", "claude_hello_probe_unexpected_output", what, "Look at the agent's command, extraArgs and model.");
  if (verdict.kind === "completed") {
    // What the model says is nobody's fixed text: only whether the word is in it counts.
    if (!/\bhello\b/i.test(verdict.summary)) return unexpected("Claude Code answered, and not with hello.");
    const model = verdict.model ? ` (${verdict.model})` : "";
    const answered = info("claude_hello_probe_passed", `Claude Code${model} said hello.`);
    return { ...answered, detail: `${Math.ceil(tookSec)} s after its Job was begun.` };
  }
  const { sentence, fix, evidence } = verdict;
  if (verdict.code === "max_turns_exhausted") return unexpected("Claude Code answered hello with more than a word.");
  const [level, code] = CODES[verdict.code] ?? ["error", "claude_hello_probe_failed"];
  return { ...problem(level, code, sentence, fix), detail: evidence.join("; ") };
}

const CODES: Partial<Record<string, readonly ["warn" | "error", string]>> = {
  claude_auth_required: ["error", "claude_hello_probe_auth_required"],
  provider_quota: ["warn", "claude_hello_probe_usage_limited"],
  claude_transient_upstream: ["warn", "claude_hello_probe_transient_upstream"],
  timeout: ["warn", "claude_hello_probe_timed_out"],
};
