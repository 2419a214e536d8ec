/**
 * The names that Prometheus sees, as OpenTelemetry's own exporters make them:
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
import type { Instrument } from "../instrument.ts";

const UNITS: Readonly<Record<string, string>> = { s: "seconds", By: "bytes", USD: "usd" };

export function prometheusName(name: string, { kind, unit }: Pick<Instrument, "kind" | "unit">): string {
  const base = name.replace(/[^a-zA-Z0-9]+/g, "_");
  const suffix = UNITS[unit];
  const measured = suffix === undefined || base.endsWith(`_${suffix}`) ? base : `${base}_${suffix}`;
  return kind === "counter" ? `${measured}_total` : measured;
}
