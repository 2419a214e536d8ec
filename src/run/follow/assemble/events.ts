import type { Channel } from "../../../runner/frame.ts";
import type { Missing, Suspicion } from "./missing.ts";

/** What happened on the way, for logs and for the run's events; never part of the transcript. */
export type FollowEvent =
  /** A stream ended before the container did and is opened again. */
  | {
      readonly type: "reconnect";
      readonly why: string;
      readonly waitMs: number;
      /** There was no stream: the container has not begun. */
      readonly early?: boolean;
    }
  /** Lines are missing in the stream and are looked for elsewhere; later lines wait. */
  | { readonly type: "gap"; readonly channel: Channel; readonly from: number; readonly to: number }
  | {
      readonly type: "refilled";
      readonly channel: Channel;
      readonly from: number;
      readonly to: number;
      readonly source: string;
    }
  | { readonly type: "missing"; readonly missing: Missing }
  | { readonly type: "suspicion"; readonly place: Suspicion }
  /** Text in the body of the log that no container wrote: the kubelet's own errors, the rest of an older line. */
  | { readonly type: "unstamped"; readonly text: string }
  /** A frame came again with other bytes. */
  | { readonly type: "conflict"; readonly channel: Channel; readonly line: number }
  /** `onLog` or the line observer threw, rejected, or did not settle. Told once for each. */
  | { readonly type: "sink-fault"; readonly sink: "onLog" | "onLine"; readonly error: Error }
  /** The host gets no more lines of this run. */
  | { readonly type: "full"; readonly message: string }
  /** Lines wait on disk because `onLog` is slower than the pod; or could not be put there. */
  | { readonly type: "spill"; readonly error: Error | null };
