import { afterAll, beforeAll } from "vitest";
import { type Devcluster, type DevclusterOptions, fastTimings, startDevcluster } from "../../src/index.ts";
import { type Client, connect } from "./client.ts";

/** A devcluster for the tests of a file, and a client with its administrator's rights. */
export function useCluster(
  set: (cluster: Devcluster, api: Client) => void | Promise<void>,
  options: Partial<DevclusterOptions> = {},
): void {
  let cluster: Devcluster | undefined;
  let api: Client | undefined;
  beforeAll(async () => {
    cluster = await startDevcluster({ images: { "busybox:1.36": {} }, timings: fastTimings, ...options });
    api = connect(cluster);
    await set(cluster, api);
  });
  afterAll(async () => {
    await api?.close();
    await cluster?.stop();
  });
}
