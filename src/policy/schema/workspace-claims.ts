/** `workspaceClaims`: the claims that the adapter makes for agents. */
import { z } from "zod";
import { amountOf, quantity } from "../../config/kubernetes-values.ts";

const DAYS = "is not a whole number of days from 0 to 3650";
const size = quantity.refine((text) => amountOf(text) > 0, { error: "is not above 0" });

export const workspaceClaims = z
  .strictObject({
    per: z
      .enum(["agent", "task"], { error: "is neither agent nor task" })
      .optional()
      .describe(
        "agent: one claim for all tasks of an agent, each with a folder of its own. task: a claim for each task; of a cloud's disks a node takes few. Default: agent.",
      ),
    storageClassName: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe("The StorageClass that makes the volume. Default: the cluster's default class."),
    size: size
      .optional()
      .describe(
        "Size of a claim whose agent sets no `workspaceSize`. A claim grows, and never shrinks. Default: 10Gi.",
      ),
    maxSize: size.optional().describe("The largest `workspaceSize`. Default: 100Gi."),
    accessMode: z
      .enum(["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"], {
        error: "is not one of ReadWriteOnce, ReadWriteMany, ReadWriteOncePod",
      })
      .optional()
      .describe(
        "ReadWriteOnce: pods of one claim run on one node while several run. ReadWriteMany: on any. ReadWriteOncePod: one pod at a time, the next one waits. Default: ReadWriteOnce.",
      ),
    idleDays: z
      .number({ error: DAYS })
      .int({ error: DAYS })
      .min(0, { error: DAYS })
      .max(3650, { error: DAYS })
      .optional()
      .describe(
        "Days after the start of the last run that used it from which on a claim is removed, with all that is on it. 0 = never. Default: 30.",
      ),
  })
  .refine(({ size, maxSize }) => !size || !maxSize || amountOf(size) <= amountOf(maxSize), {
    error: "has a size above its maxSize",
  });
