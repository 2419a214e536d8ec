/** What has a bundle's name and is none. Nothing is done to it. */
import { RunFault } from "../../shared/run-fault.ts";

export function otherContent(name: string, namespace: string, at: number): RunFault {
  const message = `Secret ${name} (namespace ${namespace}) is named like files that runs share and does not hold them: it was cut short, or somebody else made it. It is neither used nor removed`;
  return unusable(message, `${lookAt("secret", name, namespace)} ${remove("secret", name, namespace)}`, at);
}

export function foreignHolder(name: string, namespace: string, at: number): RunFault {
  const message = `Job ${name} (namespace ${namespace}) is named like the one that holds files which runs share, and is not this Paperclip's. It is neither used nor removed`;
  return unusable(message, `${lookAt("job", name, namespace)} ${remove("job", name, namespace)}`, at);
}

const lookAt = (kind: string, name: string, namespace: string): string =>
  `Find out who made it: kubectl -n ${namespace} get ${kind} ${name} -o yaml --show-managed-fields.`;

const remove = (kind: string, name: string, namespace: string): string =>
  `Then remove it, and the next run makes it anew: kubectl -n ${namespace} delete ${kind} ${name}`;

const unusable = (message: string, fix: string, at: number): RunFault =>
  new RunFault({ code: "k8s_prompt_secret_create_failed", message, fix, status: null, fatal: true, at });
