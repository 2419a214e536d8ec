/** The environment test on a devcluster, with images that a test makes and a Paperclip that answers its health check. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import type { AdapterEnvironmentCheck, AdapterEnvironmentTestResult } from "@paperclipai/adapter-utils";
import { afterAll, beforeAll } from "vitest";
import type { Devcluster } from "../../../devcluster/src/index.ts";
import { testEnvironment } from "../../../src/doctor/test-environment.ts";
import { ClusterRegistry } from "../../../src/kubernetes/cluster-registry.ts";
import { jobs, pods, secrets } from "../../../src/kubernetes/resource-types.ts";
import { PROBES } from "../../../src/run/shared/names.ts";
import { trustAgents } from "../../support/policy.ts";
import { AgentImages } from "./agent-images.ts";
import type { Place } from "./place.ts";
import { useDevcluster } from "./use-place.ts";

export interface TesterBench {
  readonly place: Place & { readonly devcluster: Devcluster };
  readonly images: AgentImages;
  readonly registry: ClusterRegistry;
  /** Tests an agent that is small, with this on top. */
  examine(
    config: Record<string, unknown>,
    env?: NodeJS.ProcessEnv,
    clusters?: ClusterRegistry,
  ): Promise<AdapterEnvironmentTestResult>;
  /** What is left of probes, once nothing is or half a minute has passed. */
  probesLeft(): Promise<string[]>;
}

/** Opens it before the file's tests, and closes it after them. */
export function useTesterBench(set: (bench: TesterBench) => void): void {
  let place: TesterBench["place"];
  let images: AgentImages | undefined;
  let paperclip: Server | undefined;
  useDevcluster((opened, devcluster) => {
    place = { ...opened, devcluster };
  });
  beforeAll(async () => {
    if (process.env.TEST_KUBECONFIG) return;
    images = await AgentImages.make(place);
    paperclip = createServer((_, response) => response.end('{"status":"ok"}'));
    await once(paperclip.listen(0), "listening");
    const registry = new ClusterRegistry();
    const url = `http://${ownAddress()}:${(paperclip.address() as AddressInfo).port}`;
    const examine: TesterBench["examine"] = (config, env = {}, clusters = registry) =>
      testEnvironment(
        { adapterType: "claude_k8s", companyId: "company", config: { ...smallAgent(place), ...config } },
        { env: { PAPERCLIP_K8S_API_URL: url, ...env }, clusters, readPolicy: trustAgents },
      );
    set({ place, images, registry, examine, probesLeft: () => probesLeft(place) });
  });
  afterAll(async () => {
    paperclip?.close();
    await images?.remove();
  });
}

const smallAgent = ({ kubeconfig, namespace }: Place) => ({
  kubeconfig,
  namespace,
  "resources.requests.cpu": "50m",
  "resources.requests.memory": "64Mi",
  "resources.limits.memory": "512Mi",
});

/** Of this machine, and no loopback where it has another one. */
export const ownAddress = (): string =>
  Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === "IPv4" && !one.internal)?.address ?? "127.0.0.1";

export const checkOf = ({ checks }: AdapterEnvironmentTestResult, code: string): AdapterEnvironmentCheck | undefined =>
  checks.find((check) => check.code === code);

export const levelOf = (result: AdapterEnvironmentTestResult, code: string): string | undefined =>
  checkOf(result, code)?.level;

const WITHIN_MS = 30_000;

async function probesLeft({ admin, namespace }: Place): Promise<string[]> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const found = await Promise.all(
      [jobs, pods, secrets].map(async (type) => {
        const { items } = await admin.list(type as typeof jobs, namespace, { labelSelector: PROBES });
        return items.map(({ metadata }) => `${type.kind} ${metadata.name}`);
      }),
    );
    if (found.flat().length === 0 || Date.now() > deadline) return found.flat();
    await admin.clock.sleep(100);
  }
}
