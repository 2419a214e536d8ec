import { onTestFinished } from "vitest";
import type { ApiError } from "../../../src/kubernetes/api-error.ts";
import type { ClientOptions } from "../../../src/kubernetes/call-options.ts";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { ApiServer, type Handler } from "./api-server.ts";
import { LeapingClock } from "./clocks.ts";

export const JOB = { metadata: { name: "run-1", uid: "u1", resourceVersion: "7" } };

/** A client of a server of its own, which is stopped after the test. */
export async function clientOf(handler: Handler, options: ClientOptions = {}, protocol: "plain" | "h2" = "plain") {
  const started = await ApiServer.start(handler, protocol);
  // Not a hook of this module: it is loaded once for several test files.
  onTestFinished(() => started.stop());
  const clock = new LeapingClock();
  const client = new KubernetesClient(await started.cluster(), { clock, random: () => 0.5, ...options });
  return { client, clock, server: started };
}

/** The error of a call that must fail. */
export const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error("it should have failed");
    },
    (error: ApiError) => error,
  );
