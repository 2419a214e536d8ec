import type { Show } from "../demo-event.ts";

/** Milliseconds without a line. */
const SILENCE_MS = 10_000;

/**
 * For a pipe, which has no progress line: after each silence, one line of what is still waited for. The line also finds out
 * whether anybody reads. A process learns that its pipe is closed only by writing to it: an empty write succeeds, no event
 * comes, and Node has no poll(2) (measured on Node 24).
 */
export function breakSilence(show: Show, silenceMs = SILENCE_MS): Show {
  let waitingFor: string | undefined;
  const timer = setInterval(() => {
    if (waitingFor !== undefined) show.tell({ event: "still", text: waitingFor });
  }, silenceMs);
  return {
    tell(event) {
      if (event.event === "progress") waitingFor = event.text;
      else timer.refresh();
      show.tell(event);
    },
    end() {
      clearInterval(timer);
      show.end();
    },
  };
}
