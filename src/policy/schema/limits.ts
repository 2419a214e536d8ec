/** `limits`: how much an agent may ask for. */
import { z } from "zod";
import { toggle } from "../../config/field.ts";
import { amountOf, quantity } from "../../config/kubernetes-values.ts";

const SECONDS = "is not a number of seconds from 0 to 31536000";
const wholeSeconds = z.number({ error: SECONDS }).min(0, { error: SECONDS }).max(31_536_000, { error: SECONDS });
const COUNT = "is not a whole number from 1 to 1000000";
const count = z
  .number({ error: COUNT })
  .int({ error: COUNT })
  .min(1, { error: COUNT })
  .max(1_000_000, { error: COUNT });

const bounds = (what: string) =>
  z
    .strictObject({ min: wholeSeconds.optional(), max: wholeSeconds.optional() }, { error: "is not {min, max}" })
    .refine(({ min = 0, max = Number.POSITIVE_INFINITY }) => min <= max, { error: "has a min above its max" })
    .describe(what);

const resource = z
  .strictObject({ min: quantity.optional(), max: quantity.optional() }, { error: "is not {min, max}" })
  .refine(({ min, max }) => min === undefined || max === undefined || amountOf(min) <= amountOf(max), {
    error: "has a min above its max",
  });

export const limits = z.strictObject({
  resources: z
    .record(z.string().min(1), resource, { error: "is not a map of resources" })
    .optional()
    .describe(
      "Requests and limits by resource, such as `memory: {min: 256Mi, max: 16Gi}`. A resource that stands nowhere here, such as nvidia.com/gpu, cannot be asked for.",
    ),
  timeoutSec: bounds("Seconds a run may take. With a max, an agent that names none gets it.").optional(),
  graceSec: bounds("Seconds an agent has to save its session.").optional(),
  silenceLimitSec: bounds("Seconds an agent may say nothing. With a max, an agent that names none gets it.").optional(),
  toolSilenceLimitSec: bounds("The same while a tool call is in flight.").optional(),
  podStartTimeoutSec: bounds("Seconds a pod may wait for its start.").optional(),
  queueTimeoutSec: bounds(
    "Seconds a run may wait in its queue. With a max, an agent that names none gets it.",
  ).optional(),
  ttlSecondsAfterFinished: bounds("Seconds the cluster keeps a finished Job.").optional(),
  retainJobs: toggle.optional().describe("Whether an agent may keep its Jobs after their runs."),
  jobs: z
    .strictObject({ perAgent: count.optional(), perCompany: count.optional(), perNamespace: count.optional() })
    .optional()
    .describe(
      "Jobs of runs at once, by agent and by company in one namespace, and in a namespace as a whole. A run beyond waits for its turn in the order of arrival, without a limit of time, and its page says so.",
    ),
  transcriptBytes: quantity
    .refine((text) => amountOf(text) >= 65_536, { error: "is below 64Ki, and a page would show nothing of use" })
    .optional()
    .describe(
      "Bytes of a run's output that Paperclip is given for the page, and as many for the run's transcript file; what is beyond is counted and hashed. Default: 1Gi.",
    ),
});
