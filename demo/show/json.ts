import type { DemoEvent, Show } from "../demo-event.ts";

/** One JSON object a line, each with `at`: milliseconds since the demo began. Progress is for people only. */
export function jsonShow(write: (text: string) => void, elapsedMs: () => number): Show {
  return {
    tell(event: DemoEvent) {
      if (event.event === "progress") return;
      write(`${JSON.stringify({ at: Math.round(elapsedMs()), ...event })}\n`);
    },
    end() {},
  };
}
