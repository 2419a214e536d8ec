/** Lines as Claude Code prints them, cut down to what the runner reads; the whole ones are in test/claude/fixtures. */
import { quote, type RunnerSpec } from "../../src/runner/spec.ts";
import { sh } from "./pod.ts";

const line = (event: object): string => JSON.stringify({ session_id: "s", ...event });

export const init = line({ type: "system", subtype: "init", model: "m" });

export const says = (text: string, model = "m"): string =>
  line({ type: "assistant", message: { model, content: [{ type: "text", text }] } });

export const calls = (id: string, name = "Bash", parent: string | null = null): string =>
  line({
    type: "assistant",
    message: { model: "m", content: [{ type: "tool_use", id, name, input: {} }] },
    parent_tool_use_id: parent,
  });

export const returns = (id: string): string =>
  line({ type: "user", message: { role: "user", content: [{ type: "tool_result", tool_use_id: id }] } });

export const result = (turns: number, more: object = {}): string =>
  line({ type: "result", subtype: "success", is_error: false, num_turns: turns, result: `after ${turns}`, ...more });

export const backgroundTasks = (...descriptions: string[]): string =>
  line({
    type: "system",
    subtype: "background_tasks_changed",
    tasks: descriptions.map((description, index) => ({ task_id: `t${index}`, description })),
  });

export const taskStarted = (id: string, description: string, isBackgrounded = true): string =>
  line({ type: "system", subtype: "task_started", task_id: id, description, is_backgrounded: isBackgrounded });

export const taskNotification = (id: string): string =>
  line({ type: "system", subtype: "task_notification", task_id: id, status: "completed" });

export const retry = line({ type: "system", subtype: "api_retry", attempt: 1, max_retries: 10 });

/** An agent that prints the lines; a number among them is how many seconds it sleeps, `{ sh }` a command. */
export function agent(...steps: readonly (string | number | { readonly sh: string })[]): RunnerSpec["command"] {
  const commands = steps.map((step) => {
    if (typeof step === "number") return `sleep ${step}`;
    return typeof step === "string" ? `printf '%s\\n' ${quote(step)}` : step.sh;
  });
  return sh(commands.join("\n"));
}
