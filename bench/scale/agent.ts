/**
 * The agent of the load: says its session and a first line, then a line each so many milliseconds, each with its number and the
 * time at which it was printed, then its result. A program for sh, so that a real cluster runs it; the simulated node reads its arguments.
 */

export interface AgentScript {
  /** Lines between that of its session and the result. */
  readonly lines: number;
  readonly periodMs: number;
}

const NAME = "scale-agent";
const SESSION = "11111111-2222-4333-8444-555555555555";

export const INIT = JSON.stringify({ type: "system", subtype: "init", session_id: SESSION, model: "scale" });
export const RESULT = JSON.stringify({
  type: "result",
  subtype: "success",
  is_error: false,
  result: "all done",
  num_turns: 1,
  total_cost_usd: 0.25,
  usage: { input_tokens: 7, output_tokens: 5 },
  session_id: SESSION,
});

/** As long as a short thing that an agent says: about 250 bytes. */
const WORDS = "The tests of this module pass; the next step is to look at what calls it. ".repeat(2).trim();
const [BEFORE = "", AFTER = ""] = JSON.stringify({
  type: "assistant",
  message: { model: "scale", content: [{ type: "text", text: `@ ${WORDS}` }] },
}).split("@");

/** `at`: milliseconds since 1970, when it is printed. */
export const lineOf = (number: number, at: number): string => `${BEFORE}n=${number} at=${at.toFixed(2)}${AFTER}`;

const PROGRAM = `cat >/dev/null
echo '${INIT}'
i=1
while [ $i -le "$1" ]; do
  echo '${BEFORE}'"n=$i at=$(date +%s%3N)"'${AFTER}'
  sleep "$2"
  i=$((i + 1))
done
echo '${RESULT}'`;

/** The adapter adds Claude Code's arguments, which the program does not read. */
export const agentCommand = ({ lines, periodMs }: AgentScript): string[] => [
  "sh",
  "-c",
  PROGRAM,
  NAME,
  String(lines),
  String(periodMs / 1000),
];

/** Undefined: another program. */
export function readCommand(command: readonly unknown[]): AgentScript | undefined {
  const [, , , name, lines, seconds] = command;
  return name === NAME ? { lines: Number(lines), periodMs: Number(seconds) * 1000 } : undefined;
}

/** The lines in what was delivered, as the number and the time at which each was printed. */
export function* linesIn(text: string): Generator<{ readonly number: number; readonly at: number }> {
  for (const [, number, at] of text.matchAll(/\bn=(\d+) at=(\d+(?:\.\d+)?)/g))
    yield { number: Number(number), at: Number(at) };
}
