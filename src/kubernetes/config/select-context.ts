import { access, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { KubeconfigError } from "./kubeconfig-error.ts";
import { type Kubeconfig, mergeKubeconfigs, type NamedEntry, readKubeconfig } from "./kubeconfig-file.ts";

export interface ClusterOptions {
  /** Path of a kubeconfig. Absent: the pod's own service account, else $KUBECONFIG, else ~/.kube/config. */
  readonly kubeconfig?: string | undefined;
  /** A context of the kubeconfig. @default its current context */
  readonly context?: string | undefined;
}

/** What this process can know of its surroundings; a test brings its own. */
export interface ProcessEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where a pod finds its service account. */
  readonly serviceAccount: string;
}

export const thisProcess: ProcessEnvironment = {
  env: process.env,
  serviceAccount: "/var/run/secrets/kubernetes.io/serviceaccount",
};

/** One cluster and one user, with fields as in a kubeconfig. */
export interface Selection {
  readonly source: "kubeconfig" | "in-cluster";
  readonly context: string;
  readonly namespace: string;
  readonly cluster: NamedEntry;
  readonly user: NamedEntry;
}

/** Finds which cluster is meant, and as whom. Throws KubeconfigError. Opens no connection. */
export async function selectContext(options: ClusterOptions, environment: ProcessEnvironment): Promise<Selection> {
  if (options.kubeconfig !== undefined)
    return choose(await readKubeconfig(options.kubeconfig), options.context, options.kubeconfig);
  if (await isInCluster(environment)) return inCluster(environment);
  const fromEnv = (environment.env.KUBECONFIG ?? "").split(path.delimiter).filter((file) => file !== "");
  if (fromEnv.length > 0)
    return choose(mergeKubeconfigs(await readExisting(fromEnv)), options.context, fromEnv.join(path.delimiter));
  const home = path.join(environment.env.HOME ?? homedir(), ".kube", "config");
  if (await exists(home)) return choose(await readKubeconfig(home), options.context, home);
  throw new KubeconfigError(
    "none",
    "No cluster is configured: no kubeconfig is named, this process runs in no pod with a service account, KUBECONFIG is not set and ~/.kube/config does not exist.",
    "Name a kubeconfig in the agent's configuration, or run Paperclip in a pod whose service account may manage Jobs.",
  );
}

/** As kubectl does, files of $KUBECONFIG that do not exist are passed over, unless none does. */
async function readExisting(files: readonly string[]): Promise<Kubeconfig[]> {
  const results = await Promise.allSettled(files.map((file) => readKubeconfig(file)));
  const read: Kubeconfig[] = [];
  let missing: unknown;
  for (const result of results) {
    if (result.status === "fulfilled") read.push(result.value);
    else if (result.reason instanceof KubeconfigError && result.reason.code === "missing") missing ??= result.reason;
    else throw result.reason;
  }
  if (read.length === 0) throw missing;
  return read;
}

function choose(config: Kubeconfig, wanted: string | undefined, file: string): Selection {
  const name = wanted ?? config.currentContext;
  const known = config.contexts.map((context) => context.name).join(", ") || "none";
  if (name === undefined) {
    throw new KubeconfigError(
      "no-current-context",
      `The kubeconfig ${file} has no current context.`,
      `Name one of its contexts (${known}), or set it: kubectl config use-context NAME --kubeconfig FILE`,
    );
  }
  const context = config.contexts.find((entry) => entry.name === name);
  if (!context) {
    const message = `The kubeconfig ${file} has no context "${name}".`;
    throw new KubeconfigError("unknown-context", message, `Its contexts are: ${known}.`);
  }
  const user = find(config.users, "user", context, file);
  if (user) refuseUnknownImpersonation(user, file);
  return {
    source: "kubeconfig",
    context: name,
    namespace: text(context.value.namespace) ?? "default",
    cluster: find(config.clusters, "cluster", context, file) ?? lacking(context, "cluster", file),
    // A context without a user is an API server that asks for none, such as `kubectl proxy`.
    user: user ?? { name: "", value: {} },
  };
}

/** The client library knows `as` alone; to leave the rest out silently would act with other rights than were meant. */
function refuseUnknownImpersonation(user: NamedEntry, file: string): void {
  for (const field of ["as-groups", "as-uid", "as-user-extra"]) {
    if (user.value[field] === undefined) continue;
    const message = `The user "${user.name}" of the kubeconfig ${file} has "${field}", which is not supported.`;
    throw new KubeconfigError(
      "malformed",
      message,
      "Use a user that has the rights itself, or impersonate with `as` alone.",
    );
  }
}

function find(
  entries: readonly NamedEntry[],
  field: "cluster" | "user",
  context: NamedEntry,
  file: string,
): NamedEntry | undefined {
  const name = text(context.value[field]);
  if (name === undefined) return undefined;
  return entries.find((entry) => entry.name === name) ?? lacking(context, field, file);
}

function lacking(context: NamedEntry, field: "cluster" | "user", file: string): never {
  throw new KubeconfigError(
    "malformed",
    `The context "${context.name}" of the kubeconfig ${file} names a ${field} that the file does not have.`,
    `Add the ${field} to the file, or choose another context.`,
  );
}

async function isInCluster({ env, serviceAccount }: ProcessEnvironment): Promise<boolean> {
  return Boolean(env.KUBERNETES_SERVICE_HOST) && (await exists(path.join(serviceAccount, "token")));
}

async function inCluster({ env, serviceAccount }: ProcessEnvironment): Promise<Selection> {
  const host = env.KUBERNETES_SERVICE_HOST ?? "";
  const port = env.KUBERNETES_SERVICE_PORT ?? "443";
  const namespace = await readFile(path.join(serviceAccount, "namespace"), "utf8").catch(() => "default");
  return {
    source: "in-cluster",
    context: "in-cluster",
    namespace: namespace.trim() || "default",
    cluster: {
      name: "in-cluster",
      value: {
        server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
        "certificate-authority": path.join(serviceAccount, "ca.crt"),
      },
    },
    user: { name: "service-account", value: { tokenFile: path.join(serviceAccount, "token") } },
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
