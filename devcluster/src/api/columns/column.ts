import type { KubeObject } from "../../types.ts";
import { humanDuration } from "../duration.ts";

/** One column of `kubectl get`: what its head says and how its cells are read. */
export interface Column {
  readonly name: string;
  /** `name` marks the column that `-o name` and completion use. */
  readonly format?: "name";
  readonly type?: "string" | "integer";
  /** Shown with `-o wide` only. */
  readonly wide?: true;
  readonly cell: (object: KubeObject, now: number) => string | number;
}

export const NAME: Column = { name: "Name", format: "name", cell: ({ metadata }) => metadata.name };
export const AGE: Column = { name: "Age", cell: ({ metadata }, now) => since(metadata.creationTimestamp, now) };

export function since(timestamp: unknown, now: number): string {
  if (typeof timestamp !== "string" || timestamp === "") return "<unknown>";
  return humanDuration(now - Date.parse(timestamp));
}
