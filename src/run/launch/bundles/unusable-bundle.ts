/** What stands in a bundle's way: it has its name and is none, or does not go away. Nothing is done to it. */
import { RunFault } from "../../shared/run-fault.ts";

const CODE = "k8s_prompt_secret_create_failed";

export function otherContent(name: string, namespace: string, at: number): RunFault {
  const message = `Secret ${name} (namespace ${namespace}) is named like files that runs share and does not hold them: it was cut short, or somebody else made it. It is neither used nor removed`;
  return unusable(message, `${lookAt("secret", name, namespace)} ${remove("secret", name, namespace)}`, at);
}

export function foreignHolder(name: string, namespace: string, at: number): RunFault {
  const message = `Job ${name} (namespace ${namespace}) is named like the one that holds files which runs share, and is not this Paperclip's. It is neither used nor removed`;
  return unusable(message, `${lookAt("job", name, namespace)} ${remove("job", name, namespace)}`, at);
}

export function stillLeaving(name: string, namespace: string, at: number): RunFault {
  const message = `Job and Secret ${name} (namespace ${namespace}), which hold files that runs share, are being deleted and do not go away`;
  const fix = `Look at what holds them up, a finalizer or a garbage collector that does not run: kubectl -n ${namespace} get job,secret ${name} -o yaml`;
  return new RunFault({ code: CODE, message, fix, status: null, fatal: true, at });
}

const lookAt = (kind: string, name: string, namespace: string): string =>
  `Find out who made it: kubectl -n ${namespace} get ${kind} ${name} -o yaml --show-managed-fields.`;

const remove = (kind: string, name: string, namespace: string): string =>
  `Then remove it, and the next run makes it anew: kubectl -n ${namespace} delete ${kind} ${name}`;

const unusable = (message: string, fix: string, at: number): RunFault =>
  new RunFault({ code: CODE, message, fix, status: null, fatal: true, at });
