import { plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import { fromEventsV1 } from "../events.ts";
import { type Column, since } from "./column.ts";

function lastSeen(event: KubeObject, now: number): string {
  const series = plain(event.series);
  return since(series.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp, now);
}

function object(event: KubeObject): string {
  const { kind, name } = plain(event.involvedObject);
  return `${String(kind ?? "").toLowerCase()}/${name ?? ""}`;
}

function source(event: KubeObject): string {
  const { component, host } = plain(event.source);
  const parts = [component ?? event.reportingComponent, host].filter((part) => typeof part === "string" && part !== "");
  return parts.join(", ");
}

const CORE: readonly Column[] = [
  { name: "Last Seen", cell: lastSeen },
  { name: "Type", cell: ({ type }) => String(type ?? "") },
  { name: "Reason", cell: ({ reason }) => String(reason ?? "") },
  { name: "Object", cell: object },
  { name: "Subobject", wide: true, cell: ({ involvedObject }) => String(plain(involvedObject).fieldPath ?? "") },
  { name: "Source", wide: true, cell: source },
  { name: "Message", cell: ({ message }) => String(message ?? "").trim() },
  { name: "First Seen", wide: true, cell: (event, now) => since(event.firstTimestamp ?? event.eventTime, now) },
  { name: "Count", wide: true, cell: ({ count }) => String(count ?? 1) },
  { name: "Name", format: "name", wide: true, cell: ({ metadata }) => metadata.name },
];

/** Both versions of an event are shown alike. */
export const EVENT_COLUMNS: readonly Column[] = CORE.map((column) => ({
  ...column,
  cell: (event, now) => column.cell(fromEventsV1(event), now),
}));
