/**
 * How pods reach what runs on this machine: the scripted model, and Paperclip. On our own devcluster pods are processes
 * here. For another cluster the model listens on every address, unless pods are told one that only this machine has; and
 * Paperclip, which in this mode trusts everybody on loopback, gets a doorway that lets only agents with a token in.
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { parse } from "yaml";
import { type Script, type ScriptedModel, startScriptedModel } from "../../demo/scripted-model/index.ts";
import { addressTowards, httpUrl, loopbackAddress } from "../../demo/this-machine.ts";
import type { StageCluster } from "./stage-cluster.ts";

export async function startModel(
  script: Script,
  cluster: StageCluster,
): Promise<{ model: ScriptedModel; url: string }> {
  if (cluster.devcluster) {
    const model = await startScriptedModel({ script });
    return { model, url: model.url };
  }
  const { address, listen } = await ourAddress(cluster);
  const model = await startScriptedModel({ script, host: listen });
  return { model, url: httpUrl(address, model.port) };
}

export interface Doorway {
  /** The operator's setting that tells pods the way. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** @param port where Paperclip listens, asked at each request */
export async function openDoorway(cluster: StageCluster, port: () => number): Promise<Doorway> {
  if (cluster.devcluster) return { env: {}, stop: async () => {} };
  const { address, listen } = await ourAddress(cluster);
  const server = http.createServer((request, response) => passOn(request, response, port()));
  server.listen(0, listen);
  await once(server, "listening");
  return {
    env: { PAPERCLIP_K8S_API_URL: httpUrl(address, (server.address() as AddressInfo).port) },
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function passOn(request: http.IncomingMessage, response: http.ServerResponse, port: number): void {
  if (!request.headers.authorization?.startsWith("Bearer ")) {
    response.writeHead(401).end("This doorway is for agents with a token.\n");
    return;
  }
  const headers = { ...request.headers, host: `127.0.0.1:${port}` };
  const { url, method } = request;
  const onward = http.request({ host: "127.0.0.1", port, path: url, method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
}

interface OurAddress {
  /** What pods are told. */
  readonly address: string;
  readonly listen: string;
}

/** Throws when no address of this machine is known. */
async function ourAddress(cluster: StageCluster): Promise<OurAddress> {
  const address = cluster.address ?? (await addressOnTheWayTo(cluster));
  return { address, listen: (await loopbackAddress(address)) ?? "0.0.0.0" };
}

async function addressOnTheWayTo({ kubeconfig, context }: StageCluster): Promise<string> {
  const config = parse(await readFile(kubeconfig, "utf8")) as Kubeconfig;
  const chosen = config.contexts?.find(({ name }) => name === (context ?? config["current-context"]));
  const server = config.clusters?.find(({ name }) => name === chosen?.context.cluster)?.cluster.server;
  const address = server ? await addressTowards(new URL(server).hostname) : undefined;
  if (!address)
    throw new Error(
      `No address of this machine is known that pods of ${server ?? kubeconfig} could reach: name one with --address.`,
    );
  return address;
}

interface Kubeconfig {
  readonly "current-context"?: string;
  readonly contexts?: readonly { readonly name: string; readonly context: { readonly cluster: string } }[];
  readonly clusters?: readonly { readonly name: string; readonly cluster: { readonly server: string } }[];
}
