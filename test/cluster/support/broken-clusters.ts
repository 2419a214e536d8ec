/** Ways in which a command of an operator meets a cluster, a kubeconfig or a policy that is broken. */
import { once } from "node:events";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { parse, stringify } from "yaml";
import type { FaultAction } from "../../../devcluster/src/index.ts";
import type { Place } from "./place.ts";

/** As long as whoever started it lives: a command that is killed leaves its plugin behind. */
const HANGS = 'while kill -0 "$PPID"; do sleep 1; done';

/** The first ones take longest. */
export const CONDITIONS = [
  "a plugin that hangs",
  "a server that takes no connection",
  "a server that does not answer",
  "no right on pods",
  "no rights",
  "no kubeconfig",
  "a kubeconfig that is not there",
  "half a kubeconfig",
  "a context that is not there",
  "a token that is not taken",
  "a plugin that fails",
  "a plugin that is not there",
  "a server that is away",
  "a server that fails",
  "a server that hangs up",
  "a server that nobody vouches for",
  "a namespace that is not there",
  "half a policy",
  "a policy that is not there",
] as const;

export type Condition = (typeof CONDITIONS)[number];

export interface Broken extends AsyncDisposable {
  /** The environment in which every command meets the condition; null: only a devcluster can be made so. */
  readonly conditions: Readonly<Record<Condition, NodeJS.ProcessEnv | null>>;
}

interface Parts {
  readonly config: Record<string, unknown>;
  readonly user: Record<string, unknown>;
  readonly cluster: Record<string, unknown>;
  readonly context: Record<string, unknown>;
}

/** @param withoutPods a place whose account may not see pods */
export async function breakCluster(place: Place, withoutPods: Place, folder: string): Promise<Broken> {
  const silent = createServer((socket) => void socket.on("error", () => "it was given up").resume());
  await once(silent.listen(0, "127.0.0.1"), "listening");
  const { port } = silent.address() as AddressInfo;
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  const changed = async (name: string, change: (parts: Parts) => void, from = place.kubeconfig) => {
    const config = parse(await readFile(from, "utf8"));
    change({
      config,
      user: config.users[0].user,
      cluster: config.clusters[0].cluster,
      context: config.contexts[0].context,
    });
    const { namespace } = config.contexts[0].context;
    return { KUBECONFIG: await file(`${name}.yaml`, stringify(config)), POD_NAMESPACE: namespace };
  };
  const plugin = (name: string, command: string, ...args: string[]) =>
    changed(name, ({ user }) => {
      for (const key of Object.keys(user)) delete user[key];
      const apiVersion = "client.authentication.k8s.io/v1";
      user.exec = { apiVersion, command, args, interactiveMode: "Never", installHint: "Install the cloud's plugin." };
    });
  const faulty = async (name: string, action: FaultAction) => {
    place.devcluster?.faults.add({ match: { path: new RegExp(`/namespaces/${name}/`) }, action });
    const inNamespace = ({ context }: Parts): void => {
      context.namespace = name;
    };
    return place.devcluster && changed(name, inNamespace);
  };
  const whole = { KUBECONFIG: place.kubeconfig };
  const policy = await file("policy.yaml", "limits: {graceSec: {max: -1}}\n");
  await chmod(policy, 0o444);
  const conditions: Broken["conditions"] = {
    "no kubeconfig": {},
    "a kubeconfig that is not there": { KUBECONFIG: join(folder, "nowhere.yaml") },
    "half a kubeconfig": {
      KUBECONFIG: await file("half.yaml", "apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster"),
    },
    "a context that is not there": await changed("context", ({ config }) => {
      config["current-context"] = "nope";
    }),
    "no rights": await changed("no-rights", ({ context }) => {
      context.namespace = "kube-public";
    }),
    "no right on pods": { KUBECONFIG: withoutPods.kubeconfig, POD_NAMESPACE: withoutPods.namespace },
    "a token that is not taken": await changed("token", ({ user }) => {
      user.token = "not-of-this-cluster";
    }),
    "a plugin that fails": await plugin("exec-fails", "sh", "-c", "echo you are logged out >&2; exit 1"),
    "a plugin that is not there": await plugin("exec-missing", "no-such-plugin"),
    "a plugin that hangs": await plugin("exec-hangs", "sh", "-c", HANGS),
    "a server that is away": await changed("away", ({ cluster }) => {
      cluster.server = "https://127.0.0.1:1";
    }),
    "a server that takes no connection": await changed("hangs", ({ cluster }) => {
      cluster.server = `https://127.0.0.1:${port}`;
    }),
    "a server that does not answer": await faulty("silent", { kind: "delay", milliseconds: 60_000 }),
    "a server that fails": await faulty("failing", { kind: "respond", code: 500 }),
    "a server that hangs up": await faulty("cut", { kind: "drop", when: "before" }),
    "a server that nobody vouches for": await changed("vouched", ({ cluster }) => {
      delete cluster["insecure-skip-tls-verify"];
      cluster["certificate-authority-data"] = Buffer.from(rootCertificates[0] ?? "").toString("base64");
    }),
    "a namespace that is not there": await changed(
      "namespace",
      ({ context }) => {
        context.namespace = "nowhere-at-all";
      },
      place.adminKubeconfig,
    ),
    "half a policy": { ...whole, PAPERCLIP_K8S_POLICY: policy },
    "a policy that is not there": { ...whole, PAPERCLIP_K8S_POLICY: join(folder, "no-policy.yaml") },
  };
  return {
    conditions,
    [Symbol.asyncDispose]: async () => {
      place.devcluster?.faults.clear();
      silent.close();
      await once(silent, "close");
    },
  };
}
