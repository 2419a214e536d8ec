/** The W3C header `traceparent`, version 00: https://www.w3.org/TR/trace-context/#traceparent-header */

export interface SpanId {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** A byte. */
  readonly traceFlags: number;
}

export function formatTraceparent({ traceId, spanId, traceFlags }: SpanId): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, "0")}`;
}

/** Null for what is none. */
export function parseTraceparent(text: string): SpanId | null {
  const [, traceId = "", spanId = "", flags = ""] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return null;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}
