import { plain } from "../store/plain.ts";
import { badRequest, notFound } from "./api-error.ts";
import { containerOf } from "./log.ts";
import type { Answer, ApiContext, ResourceRequest } from "./request.ts";

/** GET or POST pods/NAME/exec: what is to be run. The program starts when the connection is upgraded. */
export function exec(request: ResourceRequest, { store, access, executor }: ApiContext): Answer {
  const { query, user, target } = request;
  const { definition, namespace, name, subresource } = target;
  // Since 1.35 a WebSocket, which opens with GET, needs this right too (kubernetes/kubernetes#134577).
  const attributes = { group: definition.group, resource: definition.name, subresource, name, namespace };
  access.demand(user, { verb: "create", ...attributes });
  const pod = store.get("pods", namespace, name);
  if (pod === undefined) throw notFound(definition, name);
  const flag = (field: string): boolean => ["true", "1"].includes(query.get(field) ?? "");
  const container = containerOf(pod, query.get("container") ?? "");
  const command = query.getAll("command");
  if (flag("tty")) throw badRequest("devcluster: there are no terminals here; leave out --tty");
  if (!flag("stdin") && !flag("stdout") && !flag("stderr")) {
    throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
  }
  if (command.length === 0) throw badRequest("you must specify at least one command for the container");
  if (!plain(pod.spec).nodeName || executor === undefined)
    throw badRequest(`pod ${name} does not have a host assigned`);
  const program = { command, stdin: flag("stdin") };
  return { kind: "exec", start: () => executor.exec(pod, container, program) };
}
