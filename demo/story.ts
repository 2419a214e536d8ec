/** What the scripted model says in the demo. The command really runs; the answer is made of what it printed. */
import { bash, type Conversation, say, type Turn, text, thinking } from "./scripted-model/index.ts";

const LOOK_AROUND = "echo pod: $HOSTNAME; echo folder: $PWD; uname -sm";
/** Long enough for a process to be killed and followed by another one. */
const COUNT = "for step in 1 2 3 4 5; do echo step $step of 5; sleep 1; done";

/** Milliseconds between two pieces of a stream: a model takes its time. */
const PACE_MS = 20;

/** With `kill` the agent takes its time. */
export const storyFor =
  ({ kill }: { readonly kill: boolean }) =>
  (asked: Conversation): Turn | undefined => {
    if (asked.role !== "main") return undefined;
    if (!asked.toolResult) return lookAround(kill ? `${COUNT}; ${LOOK_AROUND}` : LOOK_AROUND);
    return say([text(report(asked.toolResult.text))], { paceMs: PACE_MS });
  };

function lookAround(command: string): Turn {
  return say(
    [
      thinking("I cannot know where I run without looking. One command will tell."),
      text("Let me look around."),
      bash(command, "Look around"),
    ],
    { paceMs: PACE_MS },
  );
}

function report(printed: string): string {
  const [, pod, folder, system] = /^pod: (.*)\nfolder: (.*)\n(.*)$/m.exec(printed) ?? [];
  if (!system) return `The command did not say where I am: ${printed}`;
  return `I run in the pod ${pod} on ${system}, and work in ${folder}.`;
}
