import type { Missing } from "../../../src/run/follow/assemble/missing.ts";
import type { FollowReport } from "../../../src/run/follow/follow-transcript.ts";
import type { Channel } from "../../../src/runner/frame.ts";

const MARK = /^\[paperclip\] (\d+) lines?(?: of stderr)? missing: (\d+)(?:–(\d+))? \(.+\)$/;

/**
 * Checks that what was delivered is what was printed, each line once and in order, and that each gap is named exactly
 * where it is: in the transcript and in the report. Throws what is wrong.
 */
export function checkExactlyOnce(
  printed: Record<Channel, readonly string[]>,
  delivered: Record<Channel, string>,
  report: FollowReport,
): void {
  const stdout = delivered.stdout.split("\n").slice(0, -1);
  const marks = stdout.filter((line) => MARK.test(line));
  const gaps = { stdout: gapsIn(marks, "stdout"), stderr: gapsIn(marks, "stderr") };
  checkChannel(
    "stdout",
    printed.stdout,
    stdout.filter((line) => !(line.includes("of stderr missing") && MARK.test(line))),
  );
  checkStderr(printed.stderr, delivered.stderr.split("\n").slice(0, -1), gaps.stderr);
  const reported = report.transcript.state === "missing" ? report.transcript.gaps : [];
  const named = [...gaps.stdout, ...gaps.stderr];
  if (names(reported) !== names(named)) throw new Error(`reported ${names(reported)}, marked ${names(named)}`);
}

function names(gaps: readonly Pick<Missing, "channel" | "from" | "to">[]): string {
  return gaps
    .map((gap) => `${gap.channel} ${gap.from}-${gap.to}`)
    .sort()
    .join(", ");
}

function gapsIn(marks: readonly string[], channel: Channel): Pick<Missing, "channel" | "from" | "to">[] {
  return marks
    .filter((mark) => mark.includes("of stderr") === (channel === "stderr"))
    .map((mark) => {
      const found = MARK.exec(mark);
      return { channel, from: Number(found?.[2]), to: Number(found?.[3] ?? found?.[2]) };
    });
}

function checkChannel(channel: string, printed: readonly string[], delivered: readonly string[]): void {
  let at = 0;
  for (const line of delivered) {
    const mark = MARK.exec(line);
    if (mark) {
      const from = Number(mark[2]);
      const to = Number(mark[3] ?? mark[2]);
      if (from !== at + 1 || to - from + 1 !== Number(mark[1]))
        throw new Error(`${channel}: wrong mark at ${at + 1}: ${line}`);
      at = to;
    } else if (line !== printed[at]) throw new Error(`${channel} line ${at + 1}: ${line} instead of ${printed[at]}`);
    else at++;
  }
  if (at !== printed.length) throw new Error(`${channel}: ends at ${at} of ${printed.length}`);
}

function checkStderr(
  printed: readonly string[],
  delivered: readonly string[],
  gaps: readonly { from: number; to: number }[],
): void {
  const expected = printed.filter((_, at) => !gaps.some((gap) => gap.from <= at + 1 && at + 1 <= gap.to));
  if (expected.join("\n") !== delivered.join("\n"))
    throw new Error(`stderr: ${delivered.length} of ${expected.length} lines, or others`);
}
