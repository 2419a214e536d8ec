import { list, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import { humanDuration } from "../duration.ts";
import { AGE, type Column, NAME } from "./column.ts";

function status(job: KubeObject): string {
  const conditions = list(plain(job.status).conditions).map(plain);
  const holds = (type: string): boolean => conditions.some((it) => it.type === type && it.status === "True");
  if (holds("Complete")) return "Complete";
  if (holds("Failed")) return "Failed";
  if (job.metadata.deletionTimestamp !== undefined) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find(holds) ?? "Running";
}

function completions(job: KubeObject): string {
  const { completions: wanted, parallelism } = plain(job.spec);
  const succeeded = plain(job.status).succeeded ?? 0;
  if (typeof wanted === "number") return `${succeeded}/${wanted}`;
  return Number(parallelism ?? 0) > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function duration(job: KubeObject, now: number): string {
  const { startTime, completionTime } = plain(job.status);
  if (typeof startTime !== "string") return "";
  const end = typeof completionTime === "string" ? Date.parse(completionTime) : now;
  return humanDuration(end - Date.parse(startTime));
}

function containers(job: KubeObject, field: "name" | "image"): string {
  const template = plain(plain(job.spec).template);
  return list(plain(template.spec).containers)
    .map((container) => String(plain(container)[field]))
    .join(",");
}

function selector(job: KubeObject): string {
  const labels = Object.entries(plain(plain(plain(job.spec).selector).matchLabels));
  return labels.length === 0 ? "<none>" : labels.map(([key, value]) => `${key}=${value}`).join(",");
}

export const JOB_COLUMNS: readonly Column[] = [
  NAME,
  { name: "Status", cell: status },
  { name: "Completions", cell: completions },
  { name: "Duration", cell: duration },
  AGE,
  { name: "Containers", wide: true, cell: (job) => containers(job, "name") },
  { name: "Images", wide: true, cell: (job) => containers(job, "image") },
  { name: "Selector", wide: true, cell: selector },
];
