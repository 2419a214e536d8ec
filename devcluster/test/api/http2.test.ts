import http2 from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Devcluster, fastTimings, startDevcluster } from "../../src/index.ts";

const WATCH = "/api/v1/namespaces/default/configmaps?watch=1";

describe("HTTP/2", () => {
  let cluster: Devcluster;
  let session: http2.ClientHttp2Session;
  let token: string;

  beforeAll(async () => {
    cluster = await startDevcluster({ images: {}, timings: fastTimings });
    const { clusters, users } = parse(cluster.kubeconfig);
    token = users[0].user.token;
    session = http2.connect(cluster.url, {
      ca: Buffer.from(clusters[0].cluster["certificate-authority-data"], "base64"),
    });
  });
  afterAll(async () => {
    session.destroy();
    await cluster.stop();
  });

  function open(path: string) {
    const stream = session.request({ ":path": path, authorization: `Bearer ${token}` });
    let text = "";
    const ended = new Promise<number>((resolve) => stream.once("close", () => resolve(stream.rstCode)));
    stream.on("error", () => {});
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    return { stream, ended, events: () => text.split("\n").length - 1 };
  }

  it("carries many watches on one connection, and loses one without the others", async () => {
    cluster.faults.add({ match: { query: /fail/ }, action: { kind: "cut", end: "reset", afterBytes: 10 } });
    const watches = Array.from({ length: 50 }, () => open(WATCH));
    const failing = open(`${WATCH}&x=fail`);
    expect(await failing.ended).toBe(http2.constants.NGHTTP2_INTERNAL_ERROR);
    for (const { events } of watches) await expect.poll(events).toBe(1);
    cluster.store.create("configmaps", { metadata: { name: "news", namespace: "default" } });
    for (const { events } of watches) await expect.poll(events).toBe(2);
    for (const { stream } of watches) stream.close();
  });

  it("allows 100 streams on a connection, as measured", async () => {
    await expect.poll(() => session.remoteSettings.maxConcurrentStreams).toBe(100);
  });
});
