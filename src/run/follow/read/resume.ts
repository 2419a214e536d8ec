import { secondOf, sinceTime } from "../assemble/stamp.ts";
import type { Transcript } from "../assemble/transcript.ts";
import type { LogRequest } from "./log-source.ts";

/**
 * stdout and stderr of a raw log have writers of their own, and stamps up to 3.1 ms backwards (measured): one second
 * earlier misses none.
 */
const RAW_MARGIN_SEC = 1;

/** From where to ask for what follows the line with this stamp; `earlierSec` asks for more. */
export function since(stamp: string | null, transcript: Transcript, earlierSec = 0): Pick<LogRequest, "sinceTime"> {
  const second = stamp === null ? null : secondOf(stamp);
  if (second === null) return {};
  return { sinceTime: sinceTime(second - earlierSec - (transcript.mode === "framed" ? 0 : RAW_MARGIN_SEC)) };
}

/** How much of the end to ask for; only frames tell where the answer belongs. */
export function tail(lines: number | null, transcript: Transcript): Pick<LogRequest, "tailLines"> {
  return lines === null || transcript.mode !== "framed" ? {} : { tailLines: lines };
}
