/** `clusters`: one of those to which Jobs may go. */
import { z } from "zod";
import { overlay } from "../../config/pod-template/overlay.ts";
import { names, settings } from "./values.ts";

export const cluster = z.strictObject(
  {
    kubeconfig: z
      .string()
      .startsWith("/", { error: "is not an absolute path" })
      .optional()
      .describe(
        "Its kubeconfig on Paperclip's machine, outside of Paperclip's home. Default: Paperclip's own way to a cluster: its service account, else KUBECONFIG, else ~/.kube/config.",
      ),
    context: z.string().min(1).optional().describe("The context of the kubeconfig. Default: its current one."),
    namespace: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Where Jobs go whose agent names no namespace, such as `agents-{companyId}`. Default: that of the context or of Paperclip's pod.",
      ),
    namespaces: names("Namespaces that an agent may name, beside the default one.").optional(),
    defaults: settings.optional().describe("As `defaults` below, for this cluster; they go before those."),
    podTemplate: overlay.optional().describe("As `podTemplate` below, for this cluster, applied after it."),
  },
  { error: "is not {kubeconfig, context, namespace, namespaces, defaults, podTemplate}" },
);
