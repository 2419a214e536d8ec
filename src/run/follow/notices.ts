/** The follower's events as sentences for the run's record. Pure. */
import type { FollowEvent } from "./assemble/events.ts";
import { missingLine } from "./assemble/missing.ts";

/** What an operator needs to know of an event; null for a reconnect that lost nothing. */
export function noticeOf(event: FollowEvent): string | null {
  switch (event.type) {
    case "missing":
      return missingLine(event.missing);
    case "refilled":
      return `Lines ${event.from}–${event.to} of ${event.channel} were missing from the stream and were read from the ${event.source}`;
    case "conflict":
      return `Line ${event.line} of ${event.channel} came twice with different content`;
    case "sink-fault":
      return `Paperclip did not take a line (${event.sink}): ${event.error.message}`;
    case "spill":
      return event.error ? `Lines that wait for Paperclip cannot be buffered on disk: ${event.error.message}` : null;
    case "full":
      return event.message;
    case "gap":
    case "reconnect":
    case "suspicion":
    case "unstamped":
      return null;
  }
}
