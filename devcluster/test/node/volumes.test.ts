import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { NAMESPACE, podPhase, sh, startCluster } from "./support/cluster.ts";
import { createSecret, ended, runPod, says } from "./support/run-pod.ts";

describe.concurrent("volumes", () => {
  test("files of Secrets and ConfigMaps with their names and modes, where the pod expects them", async () => {
    await using cluster = await startCluster();
    createSecret(cluster, "s", { a: "bytes of a", b: "no newline" });
    cluster.store.create("configmaps", { metadata: { name: "c", namespace: NAMESPACE }, data: { conf: "c!" } });
    const volumes = [
      {
        name: "s",
        secret: {
          secretName: "s",
          defaultMode: 0o400,
          items: [
            { key: "a", path: "sub/x", mode: 0o440 },
            { key: "b", path: "b" },
          ],
        },
      },
      {
        name: "all",
        projected: {
          sources: [
            { configMap: { name: "c" } },
            { downwardAPI: { items: [{ path: "ns", fieldRef: { fieldPath: "metadata.namespace" } }] } },
          ],
        },
      },
      { name: "maybe", secret: { secretName: "absent", optional: true } },
    ];
    const volumeMounts = [
      { name: "s", mountPath: "/run/s" },
      { name: "all", mountPath: "/etc/all/" },
      { name: "s", mountPath: "/one-file", subPath: "b" },
      { name: "maybe", mountPath: "/maybe" },
    ];
    const script =
      "cat /run/s/sub/x; ls -lL $D/b $D/sub/x | cut -c1-10; cat /etc/all/conf /etc/all/ns /one-file; ls /maybe";
    const env = [{ name: "D", value: "/run/s" }];
    const { log } = await runPod(cluster, { ...sh(script, { volumeMounts, env }), volumes });
    expect(log).toBe("bytes of a-r--------\n-r--r-----\nc!factsno newline");
  });

  test("an emptyDir is shared by the containers of a pod, a claim by all pods, under the same path", async () => {
    await using cluster = await startCluster();
    cluster.store.create("persistentvolumeclaims", {
      metadata: { name: "work", namespace: NAMESPACE },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    const volumes = [
      { name: "tmp", emptyDir: {} },
      { name: "work", persistentVolumeClaim: { claimName: "work" } },
    ];
    const volumeMounts = [
      { name: "tmp", mountPath: "/tmp" },
      { name: "work", mountPath: "/paperclip" },
    ];
    const container = (name: string, script: string) => ({ ...sh(script, { volumeMounts }).containers[0], name });
    const script = "echo $TMPDIR >> /paperclip/log; cat /tmp/init; pwd; cat /paperclip/log | wc -l";
    const spec = {
      volumes,
      initContainers: [container("init", "echo from init > /tmp/init")],
      containers: [{ ...container("main", script), workingDir: "/paperclip/w" }],
    };
    const first = await runPod(cluster, spec, "first");
    const second = await runPod(cluster, spec, "second");
    const [greeting, directory, lines] = first.log
      .trim()
      .split("\n")
      .map((line) => line.trim());
    expect([greeting, lines]).toEqual(["from init", "1"]);
    expect(
      second.log
        .trim()
        .split("\n")
        .map((line) => line.trim()),
    ).toEqual(["from init", directory, "2"]);
  });

  test("a Secret that comes late is mounted then", async () => {
    await using cluster = await startCluster();
    cluster.createPod("pod", {
      ...sh("cat /s/k", { volumeMounts: [{ name: "s", mountPath: "/s" }] }),
      volumes: [{ name: "s", secret: { secretName: "late" } }],
    });
    const { object } = await cluster.until(({ object: event }) => event.reason === "FailedMount");
    expect(object.message).toBe('MountVolume.SetUp failed for volume "s" : secret "late" not found');
    createSecret(cluster, "late", { k: "here" });
    await ended(cluster, "pod");
    expect(await cluster.log("pod")).toBe("here");
  });

  test("an optional Secret that comes, changes or goes while the pod runs is seen some time after, whole", async () => {
    await using cluster = await startCluster();
    const script =
      'echo "[$(ls /s)]"; until [ -e /s/1/a ]; do sleep 0.02; done; cat /s/1/a /s/1/b; cd -P /s/1; until grep -q new /s/1/a; do sleep 0.02; done; cat /s/1/b; until [ ! -e /s/1 ]; do sleep 0.02; done';
    cluster.createPod("pod", {
      ...sh(script, { volumeMounts: [{ name: "s", mountPath: "/s" }] }),
      volumes: [
        {
          name: "s",
          projected: {
            sources: ["one", "two"].map((name) => ({
              secret: { name, optional: true, items: ["a", "b"].map((key) => ({ key, path: `1/${key}` })) },
            })),
          },
        },
      ],
    });
    await cluster.until(podPhase("Running"));
    await says(cluster, "[]");
    createSecret(cluster, "one", { a: "first ", b: "1\n" });
    await says(cluster, "first 1");
    const data = { a: "bmV3", b: Buffer.from("second\n").toString("base64") };
    cluster.store.mutate("secrets", NAMESPACE, "one", (draft) => Object.assign(draft, { data }));
    await says(cluster, "second");
    cluster.store.delete("secrets", NAMESPACE, "one");
    await ended(cluster, "pod");
    expect(await cluster.log("pod")).toBe("[]\nfirst 1\nsecond\n");
  });

  test("places in no volume are private: working directory, HOME, TMPDIR", async () => {
    await using cluster = await startCluster();
    const env = [{ name: "HOME", value: "/home/agent" }];
    const more = { env, workingDir: "/workspace/x" };
    const { log } = await runPod(
      cluster,
      sh("pwd; cd; pwd; echo $TMPDIR; touch /workspace/x/f $HOME/g $TMPDIR/h", more),
    );
    for (const place of log.trim().split("\n")) expect(place.startsWith(cluster.directory), place).toBe(true);
    expect(existsSync("/workspace/x/f")).toBe(false);
    expect(existsSync("/home/agent")).toBe(false);
  });
});
