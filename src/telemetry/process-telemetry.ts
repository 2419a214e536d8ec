/** The telemetry of this process: all runs report to it. */
import { hostMetrics, traceInHost } from "./host-sdk.ts";
import { createTelemetry } from "./telemetry.ts";

export const processTelemetry = createTelemetry(traceInHost, [hostMetrics()]);
