import { Agent, request } from "undici";
import { parse } from "yaml";
import type { Devcluster } from "../../src/index.ts";
import type { KubeObject } from "../../src/types.ts";

/**
 * What tests look at in an answer: an object, a list, a Status or a watch event, told apart by the test that asked. A
 * field that is not there fails the test which looks into it.
 */
export interface Body extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly continue?: string; readonly remainingItemCount?: number };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
  readonly details: Readonly<Record<string, unknown>>;
  readonly items: readonly Body[];
  readonly object: KubeObject;
}

export interface Reply {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Body;
}

export interface Call {
  readonly body?: unknown;
  readonly headers?: Record<string, string | string[]>;
}

/** A plain HTTPS client of the cluster, with the rights of the given kubeconfig. */
export function connect(cluster: Devcluster, kubeconfig = cluster.kubeconfig) {
  const { clusters, users } = parse(kubeconfig);
  const ca = Buffer.from(clusters[0].cluster["certificate-authority-data"], "base64").toString();
  const authorization = `Bearer ${users[0].user.token}`;
  const dispatcher = new Agent({ connect: { ca } });
  const open = (method: string, path: string, { body, headers }: Call = {}, signal?: AbortSignal) =>
    request(cluster.url + path, {
      method: method as "GET",
      dispatcher,
      headers: { authorization, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  return {
    open,
    async call(method: string, path: string, options: Call = {}): Promise<Reply> {
      const { statusCode, headers, body } = await open(method, path, options);
      const text = await body.text();
      const isJson = String(headers["content-type"]).startsWith("application/json");
      return { code: statusCode, headers, body: isJson ? JSON.parse(text) : text };
    },
    /** The events of a watch until it ends, or until `enough` says so. */
    async watch(path: string, enough: (events: { type: string; object: Reply["body"] }[]) => boolean = () => false) {
      const stop = new AbortController();
      const { body } = await open("GET", path, {}, stop.signal);
      const events: { type: string; object: Reply["body"] }[] = [];
      let rest = "";
      try {
        for await (const chunk of body) {
          const lines = (rest + chunk).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) events.push(JSON.parse(line));
          if (enough(events)) break;
        }
      } finally {
        stop.abort();
      }
      return events;
    },
    close: () => dispatcher.destroy(),
  };
}

export type Client = ReturnType<typeof connect>;
