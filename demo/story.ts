/** What the scripted model says in the demo. The command really runs; the answer is made of what it printed. */
import { bash, type Conversation, say, type Turn, text, thinking } from "./scripted-model/index.ts";

const LOOK_AROUND = "echo pod: $HOSTNAME; echo folder: $PWD; uname -sm";

/** Milliseconds between two pieces of a stream: a model takes its time. */
const PACE_MS = 20;

export function story(asked: Conversation): Turn | undefined {
  if (asked.role !== "main") return undefined;
  if (!asked.toolResult) return lookAround();
  return say([text(report(asked.toolResult.text))], { paceMs: PACE_MS });
}

function lookAround(): Turn {
  return say(
    [
      thinking("I cannot know where I run without looking. One command will tell."),
      text("Let me look around."),
      bash(LOOK_AROUND, "Look around"),
    ],
    { paceMs: PACE_MS },
  );
}

function report(printed: string): string {
  const [, pod, folder, system] = /^pod: (.*)\nfolder: (.*)\n(.*)$/m.exec(printed) ?? [];
  if (!system) return `The command did not say where I am: ${printed}`;
  return `I run in the pod ${pod} on ${system}, and work in ${folder}.`;
}
