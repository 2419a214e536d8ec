import type { EventRecorder } from "../controllers/events.ts";
import type { Timings } from "../timings.ts";
import type { Clock, LocalImage, Store } from "../types.ts";
import type { Link } from "./link.ts";
import type { LogRegistry } from "./logs/reader.ts";

/** What every pod of the node shares. */
export interface NodeContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly timings: Timings;
  /** Private to the node. */
  readonly directory: string;
  /** Claims' directories. */
  readonly claims: string;
  readonly images: Readonly<Record<string, LocalImage>>;
  readonly host: Readonly<Record<string, string | undefined>>;
  readonly shared: Readonly<Record<string, string>>;
  readonly logs: LogRegistry;
  readonly record: EventRecorder;
  readonly link: Link;
}
