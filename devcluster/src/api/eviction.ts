import { timestamp } from "../store/deletion.ts";
import { isPlain, list, type Plain, plain } from "../store/plain.ts";
import { notFound } from "./api-error.ts";
import { isDryRun, parseBody } from "./decode.ts";
import { deleteOptions } from "./remove.ts";
import type { Answer, ApiContext, ResourceRequest } from "./request.ts";

/** POST pods/NAME/eviction: marks the pod as disrupted, then deletes it (measured: two writes, answer 201). */
export function evict(request: ResourceRequest, { store }: ApiContext): Answer {
  const { definition, namespace, name } = request.target;
  const pod = store.get("pods", namespace, name);
  if (pod === undefined) throw notFound(definition, name);
  const parsed = parseBody(request);
  const given = isPlain(parsed) ? plain(parsed.deleteOptions) : {};
  const options = deleteOptions({ ...request, body: Buffer.from(JSON.stringify(given)) });
  if (!isDryRun(request.query) && options.dryRun !== true) {
    const condition: Plain = {
      type: "DisruptionTarget",
      observedGeneration: pod.metadata.generation,
      status: "True",
      lastProbeTime: null,
      lastTransitionTime: timestamp(store.clock()),
      reason: "EvictionByEvictionAPI",
      message: "Eviction API: evicting",
    };
    store.mutate("pods", namespace, name, (draft) => {
      const status = plain(draft.status);
      const others = list(status.conditions).filter((it) => plain(it).type !== "DisruptionTarget");
      draft.status = { ...status, conditions: [...others, condition] };
    });
    store.delete("pods", namespace, name, options);
  }
  return {
    kind: "json",
    code: 201,
    body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 },
  };
}
