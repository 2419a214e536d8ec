import { isObject, type Json, parseObject } from "./json-line.ts";

/** Claude Code speaks as this model when it has an error to tell. */
const SYNTHETIC_MODEL = "<synthetic>";

/** More calls at once than any model makes: an agent that prints others without end costs no memory here. */
const MAX_CALLS = 1_000;

/**
 * Where the agent is in its turn, from its stream-json (2.1.330): which tool calls are in flight, and whether the newest
 * `result` ends its work.
 */
export class TurnState {
  /** True from a terminal `result` on, until a new turn begins. */
  ended = false;
  /** Tool calls without a result, oldest first; `parent`: the call of the subagent that makes it. */
  readonly #calls = new Map<string, { readonly name: string; readonly parent: string | null }>();
  #backgroundTasks = new Map<string, string>();
  /** True when the model has said something since the newest message to it. */
  #hasAnswered = false;

  /** What the agent waits for: the newest tool call in flight, or, once its turn is over, a background task. */
  get waitsFor(): string | null {
    const newest = [...this.#calls.values()].at(-1)?.name ?? null;
    return newest ?? (this.ended ? ([...this.#backgroundTasks.values()].at(-1) ?? null) : null);
  }

  /** `parse`: for a caller that has others look at the line too. */
  see(line: Buffer, parse = (): Json | null => parseObject(line)): void {
    if (!isRelevant(line)) return;
    const event = parse();
    if (event) this.#take(event);
  }

  #take(event: Json): void {
    switch (event.type) {
      case "assistant":
        this.ended = false;
        this.#takeAssistant(event);
        return;
      case "user":
        this.ended = false;
        this.#hasAnswered = false;
        for (const block of blocksOf(event)) if (block.type === "tool_result") this.#finish(block.tool_use_id);
        return;
      case "result":
        // A `result` of zero turns tells of background tasks that an earlier process lost; the work comes after it.
        this.ended = (typeof event.num_turns === "number" && event.num_turns > 0) || this.#hasAnswered;
        this.#hasAnswered = false;
        this.#calls.clear();
        return;
      case "system":
        this.#takeSystem(event);
    }
  }

  #takeAssistant(event: Json): void {
    if (isObject(event.message) && event.message.model === SYNTHETIC_MODEL) return;
    const parent = typeof event.parent_tool_use_id === "string" ? event.parent_tool_use_id : null;
    for (const block of blocksOf(event)) {
      this.#hasAnswered = true;
      if (block.type === "tool_use" && typeof block.id === "string" && this.#calls.size < MAX_CALLS)
        this.#calls.set(block.id, { name: textOf(block.name) ?? "a tool", parent });
    }
  }

  #takeSystem(event: Json): void {
    const id = textOf(event.task_id);
    switch (event.subtype) {
      case "init":
        // Each turn has one, also the turn in which a background task reports (measured).
        this.ended = false;
        this.#calls.clear();
        return;
      case "task_started":
        if (id && event.is_backgrounded === true && this.#backgroundTasks.size < MAX_CALLS)
          this.#backgroundTasks.set(id, taskName(event));
        return;
      case "task_notification":
        if (id) this.#backgroundTasks.delete(id);
        return;
      case "background_tasks_changed":
        this.#backgroundTasks = new Map(
          (Array.isArray(event.tasks) ? event.tasks : [])
            .filter(isObject)
            .slice(0, MAX_CALLS)
            .map((task) => [String(task.task_id), taskName(task)]),
        );
    }
  }

  /** A call that ends takes along what its subagent had in flight. */
  #finish(id: unknown): void {
    if (typeof id !== "string" || !this.#calls.delete(id)) return;
    for (const [child, { parent }] of [...this.#calls]) if (parent === id) this.#finish(child);
  }
}

const KEYWORDS = [
  "assistant",
  "user",
  "result",
  "init",
  "task_started",
  "task_notification",
  "background_tasks_changed",
];

const isRelevant = (line: Buffer): boolean => KEYWORDS.some((word) => line.includes(`"${word}"`));

function blocksOf({ message }: Json): Json[] {
  const content = isObject(message) ? message.content : null;
  return Array.isArray(content) ? content.filter(isObject) : [];
}

const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

const taskName = (task: Json): string => {
  const description = textOf(task.description);
  return description === null ? "a background task" : `background task "${description.slice(0, 80)}"`;
};
