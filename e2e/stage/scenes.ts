/**
 * What the scripted model does for a task: a scene is chosen by a marker such as `[scene:finish]` in the task's title or in a comment;
 * the newest marker of the conversation wins. Commands really run, in the agent's pod.
 */
import { bash, type Conversation, say, type Turn, text, thinking, toolUse } from "../../demo/scripted-model/index.ts";

export type Scene = (asked: Conversation, step: number) => Turn;

/** Milliseconds between two pieces of a stream: a model takes its time. */
const PACE_MS = 5;

/** Of a run without a task there is nothing to tell Paperclip. */
const api = (method: string, path: string, body: string): string =>
  `test -z "$PAPERCLIP_TASK_ID" || curl -sS --fail-with-body -X ${method} "$PAPERCLIP_API_URL/api${path}" -H "Authorization: Bearer $PAPERCLIP_API_KEY" -H "X-Paperclip-Run-Id: $PAPERCLIP_RUN_ID" -H 'Content-Type: application/json' -d '${body}' -o /dev/null -w 'HTTP %{http_code}\\n'`;

export const comment = (body: string): string =>
  api("POST", "/issues/$PAPERCLIP_TASK_ID/comments", JSON.stringify({ body }));

export const setStatus = (status: string): string =>
  api("PATCH", "/issues/$PAPERCLIP_TASK_ID", JSON.stringify({ status }));

/** Answers with a text, and does nothing: its task is closed by whoever reads that. */
export const saysOnly =
  (words: string): Scene =>
  () =>
    say([text(words)]);

/** Works for so many seconds, then finishes. */
export const finishAfter =
  (seconds: number): Scene =>
  (asked, step) =>
    step === 0
      ? say([toolUse("Bash", { command: `for i in $(seq ${seconds}); do sleep 1; done`, timeout: 600_000 })])
      : finish(asked, step - 1);

/** Looks where it is, comments on its task, finishes it, and says so. */
export const finish: Scene = (_asked, step) => {
  if (step === 0)
    return say(
      [
        thinking("First I look where I am."),
        text("Let me look around."),
        bash("echo pod: $HOSTNAME; pwd; uname -sm", "Look around"),
      ],
      {
        paceMs: PACE_MS,
      },
    );
  if (step === 1)
    return say(
      [text("I tell the team."), bash(comment("Hello from my pod: the work is done."), "Comment on the task")],
      { paceMs: PACE_MS },
    );
  if (step === 2) return say([bash(setStatus("done"), "Finish the task")], { paceMs: PACE_MS });
  return say([text(DONE)], { paceMs: PACE_MS });
};

/** Shows the environment to the model, then finishes. */
export const environment: Scene = (asked, step) =>
  step === 0 ? say([bash("env; echo; ls -ld . $HOME", "Show the environment")]) : finish(asked, step + 1);

/** Uses what Paperclip gives an agent beside its prompt, then finishes. */
export const equipped: Scene = (asked, step) => {
  const uses = [
    toolUse("Skill", { skill: "paperclip" }),
    bash('echo kept > "$PAPERCLIP_SCRATCH_DIR/file" && cat "$TMPDIR/file"', "Write to the scratch folder"),
    toolUse("mcp__Paperclip_projects__list_projects", {}),
    toolUse("mcp__Paperclip_connections__connections_search", { query: "github" }),
  ];
  const use = uses[step];
  return use ? say([use]) : finish(asked, step - uses.length);
};

/**
 * Works in steps, each of which leaves one line in a file in the agents' home; before the last one it waits until the
 * file `go-TASK` (without a task: `go-AGENT`) is there. So a test decides how long a run lasts, and sees whether anything
 * was done twice.
 */
export const steps: Scene = (asked, step) => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: for the agent's shell
  const work = "${PAPERCLIP_TASK_ID:-$PAPERCLIP_AGENT_ID}";
  const mark = (name: string): string => `echo ${name} >> "$HOME/marks-${work}"`;
  if (step === 0) return say([text("First step."), bash(mark("first"), "First step")]);
  if (step === 1)
    return say([
      text("Now I wait."),
      toolUse("Bash", {
        command: `${mark("second")}; until [ -e "$HOME/go-${work}" ]; do sleep 0.2; done; ${mark("third")}`,
        timeout: 600_000,
      }),
    ]);
  return finish(asked, step - 1);
};

/** As `steps`, but never told to go on; a session that is resumed leaves a mark of that, and finishes. */
export const goesOn: Scene = (asked, step) => {
  if (!isResumed(asked.body.messages ?? [])) return steps(asked, step);
  if (step > 0) return finish(asked, step - 1);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: for the agent's shell
  const marks = "$HOME/marks-${PAPERCLIP_TASK_ID:-$PAPERCLIP_AGENT_ID}";
  return say([text("I go on."), bash(`echo went on >> "${marks}"`, "Go on")]);
};

/** The model's API refuses every question so; or only the first ones, and then the task is finished. */
export function refused(refusal: Turn, times = Number.POSITIVE_INFINITY): Scene {
  let asked = 0;
  return (conversation, step) => (asked++ < times ? refusal : finish(conversation, step));
}

const DONE = "The task is done: I looked around, commented and closed it.";

/** The session has done its work: whatever it is woken for, there is only the task to close. */
const isDone = ({ body }: Conversation): boolean => JSON.stringify(body.messages ?? []).includes(DONE);

const close: Scene = (_asked, step) =>
  step === 0 ? say([bash(setStatus("done"), "Finish the task")]) : say([text("The task is closed.")]);

const MARKER = /\[scene:([a-z0-9-]+)\]/g;

/** Steps count from the newest thing that the user said: a resumed session starts its scene anew. */
export function perform(scenes: Readonly<Record<string, Scene>>): (asked: Conversation) => Turn | undefined {
  return (asked) => {
    if (asked.role !== "main") return undefined;
    const messages = asked.body.messages ?? [];
    const names = [...JSON.stringify(messages).matchAll(MARKER)].map(([, name = ""]) => name);
    const scene = isDone(asked) ? close : (scenes[names.at(-1) ?? ""] ?? finish);
    return scene(asked, stepsSinceUser(messages));
  };
}

type Message = NonNullable<Conversation["body"]["messages"]>[number];

function stepsSinceUser(messages: readonly Message[]): number {
  const last = messages.findLastIndex(({ role, content }) => role === "user" && !isToolResult(content));
  return messages.slice(last + 1).filter(({ role }) => role === "assistant").length;
}

function isResumed(messages: readonly Message[]): boolean {
  const asks = messages.flatMap(({ role, content }, index) => (role === "user" && !isToolResult(content) ? index : []));
  return messages.slice(0, asks.at(-1)).some(({ role }) => role === "assistant");
}

const isToolResult = (content: Message["content"]): boolean =>
  Array.isArray(content) && content.some(({ type }) => type === "tool_result");
