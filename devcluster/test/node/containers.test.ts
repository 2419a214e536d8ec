import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../src/types.ts";
import { NAMESPACE, podPhase, sh, startCluster, type TestCluster } from "./support/cluster.ts";

const over = ({ resource, object }: { resource: string; object: KubeObject }): boolean =>
  resource === "pods" &&
  ["Succeeded", "Failed"].includes((object.status as { phase?: string } | undefined)?.phase ?? "");

interface Ended {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
}

/** Runs a pod to its end and returns how its containers ended. */
async function ended(cluster: TestCluster, name: string): Promise<Ended[]> {
  const { object } = await cluster.until((event) => over(event) && event.object.metadata.name === name);
  const { containerStatuses } = object.status as { containerStatuses: { state: { terminated: Ended } }[] };
  return containerStatuses.map(({ state }) => state.terminated);
}

/** Follows the log of `pod` until it has the text. */
async function says(cluster: TestCluster, text: string): Promise<void> {
  const pod = cluster.store.get("pods", NAMESPACE, "pod");
  if (pod === undefined) throw new Error("there is no pod");
  const query = { follow: true, timestamps: false, previous: false };
  let said = "";
  for await (const part of await cluster.node.logs.open(pod, "main", query, new AbortController().signal)) {
    said += Buffer.from(part).toString();
    if (said.includes(text)) return;
  }
  throw new Error(`the pod ended without "${text}": ${said}`);
}

async function runPod(cluster: TestCluster, spec: object, name = "pod"): Promise<{ log: string; ends: Ended[] }> {
  cluster.createPod(name, spec);
  const ends = await ended(cluster, name);
  return { log: await cluster.log(name), ends };
}

const secret = (cluster: TestCluster, name: string, data: Record<string, string>): unknown =>
  cluster.store.create("secrets", {
    metadata: { name, namespace: NAMESPACE },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
  });

describe.concurrent("environment, command and arguments", () => {
  test("variables expand as measured; a Secret's value does not", async () => {
    await using cluster = await startCluster();
    secret(cluster, "s", { key: "raw $(A) $$" });
    const env = [
      { name: "A", value: "alpha" },
      { name: "EARLY", value: "$(LATE) $$(A) $$ $(A)" },
      { name: "LATE", value: "late" },
      { name: "SEC", valueFrom: { secretKeyRef: { name: "s", key: "key" } } },
      { name: "WRAPPED", value: "<$(SEC)>" },
      { name: "NONE", valueFrom: { secretKeyRef: { name: "absent", key: "key", optional: true } } },
      { name: "WHO", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "LIMIT", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
    ];
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
    const script = 'printf "%s\\n" "$EARLY" "$SEC" "$WRAPPED" "${NONE-unset}" "$WHO" "$LIMIT" "$@"';
    const command = ["sh", "-c", script, "sh", "$(LATE)-$(SEC)", "$$(A)", "$(UNKNOWN)"];
    const resources = { limits: { memory: "64Mi" } };
    const { log } = await runPod(cluster, {
      containers: [{ name: "main", image: "busybox:1.36", command, env, resources }],
    });
    expect(log.split("\n")).toEqual([
      "$(LATE) $(A) $ alpha",
      "raw $(A) $$",
      "<raw $(A) $$>",
      "unset",
      "pod",
      "64",
      "late-raw $(A) $$",
      "$(A)",
      "$(UNKNOWN)",
      "",
    ]);
  });

  test("envFrom gives all keys, env wins; nothing of the host's environment is there but PATH", async () => {
    await using cluster = await startCluster({
      images: { "busybox:1.36": { env: { FROM_IMAGE: "yes", BOTH: "image" } } },
      host: { PATH: process.env.PATH, HOST_SECRET: "leak" },
      environment: { KUBERNETES_SERVICE_HOST: "127.0.0.1" },
    });
    secret(cluster, "s", { ONE: "1", TWO: "2" });
    cluster.store.create("configmaps", { metadata: { name: "c", namespace: NAMESPACE }, data: { THREE: "3" } });
    const more = {
      envFrom: [{ secretRef: { name: "s" } }, { prefix: "P_", configMapRef: { name: "c" } }],
      env: [
        { name: "TWO", value: "two" },
        { name: "BOTH", value: "pod" },
      ],
    };
    const { log } = await runPod(cluster, sh("env", more));
    const got = Object.fromEntries(
      log
        .trim()
        .split("\n")
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    );
    expect(got).toMatchObject({
      ONE: "1",
      TWO: "two",
      P_THREE: "3",
      FROM_IMAGE: "yes",
      BOTH: "pod",
      HOSTNAME: "pod",
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
    });
    expect(got.HOST_SECRET).toBeUndefined();
    expect(got.HOME).not.toBe(process.env.HOME);
  });
});

describe.concurrent("volumes", () => {
  test("files of Secrets and ConfigMaps with their names and modes, where the pod expects them", async () => {
    await using cluster = await startCluster();
    secret(cluster, "s", { a: "bytes of a", b: "no newline" });
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
    secret(cluster, "late", { k: "here" });
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
    secret(cluster, "one", { a: "first ", b: "1\n" });
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

describe.concurrent("how a container ends", () => {
  test.each([
    ["exit 3", 3, "Error"],
    ["kill -9 $$$$", 137, "Error"],
    ["kill -11 $$$$", 139, "Error"],
    ["true", 0, "Completed"],
  ])("%s is %i %s", async (script, exitCode, reason) => {
    await using cluster = await startCluster();
    const { ends } = await runPod(cluster, sh(script));
    expect(ends).toMatchObject([{ exitCode, reason }]);
  });

  test("a program that is nowhere in PATH is a StartError", async () => {
    await using cluster = await startCluster();
    const { ends, log } = await runPod(cluster, {
      containers: [{ name: "main", image: "busybox:1.36", command: ["nope"] }],
    });
    expect(ends).toMatchObject([{ exitCode: 128, reason: "StartError" }]);
    expect(ends[0]?.message).toMatch(/: exec: "nope": executable file not found in \$PATH$/);
    expect(log).toBe("");
  });

  test("an argument of 131,072 bytes starts and exits 255", async () => {
    await using cluster = await startCluster();
    const command = ["sh", "-c", "true", "x".repeat(131_072)];
    const { ends, log } = await runPod(cluster, { containers: [{ name: "main", image: "busybox:1.36", command }] });
    expect(ends).toMatchObject([{ exitCode: 255, reason: "Error" }]);
    expect(log).toMatch(/^exec \S*sh: argument list too long\n$/);
  });

  test("all that it started dies with its first process, even what left its session", async () => {
    await using cluster = await startCluster();
    const stray = 'require("child_process").spawn("sleep", ["300"], { detached: true, stdio: "inherit" }).unref()';
    const script = `"${process.execPath}" -e '${stray}'; sleep 300 & echo done`;
    const before = performance.now();
    const { log } = await runPod(cluster, sh(script));
    // A survivor would hold the pipe and so the end back.
    expect(log).toBe("done\n");
    expect(performance.now() - before).toBeLessThan(15_000);
  });

  test("SIGTERM goes to the first process alone", async () => {
    await using cluster = await startCluster();
    const child = 'trap "echo child-got-it" TERM; while :; do sleep 0.05; done';
    cluster.createPod("pod", sh(`sh -c '${child}' & trap "echo first-got-it; exit 7" TERM; echo up; wait`));
    await cluster.until(podPhase("Running"));
    await cluster.untilItSpeaks("pod");
    const follow = cluster.log("pod", { follow: true });
    cluster.store.delete("pods", NAMESPACE, "pod");
    expect(await ended(cluster, "pod")).toMatchObject([{ exitCode: 7 }]);
    expect(await follow).toBe("up\nfirst-got-it\n");
  });

  test.runIf(process.platform === "linux")(
    "without a handler SIGTERM is nothing; after the grace it is 137",
    async () => {
      await using cluster = await startCluster();
      cluster.createPod("pod", { ...sh("echo up; exec sleep 300"), terminationGracePeriodSeconds: 1 });
      await cluster.until(podPhase("Running"));
      await cluster.untilItSpeaks("pod");
      const before = performance.now();
      cluster.store.delete("pods", NAMESPACE, "pod");
      expect(await ended(cluster, "pod")).toMatchObject([{ exitCode: 137, reason: "Error" }]);
      expect(performance.now() - before).toBeGreaterThan(900);
    },
  );
});

describe.concurrent("termination message", () => {
  test("4096 bytes at most; five containers share 12 KiB", async () => {
    await using cluster = await startCluster();
    const script = "head -c 10000 /dev/zero | tr '\\0' a > /dev/termination-log";
    const { ends } = await runPod(cluster, sh(script));
    expect(ends[0]?.message).toBe("a".repeat(4096));
    const containers = Array.from({ length: 5 }, (_, index) => ({ ...sh(script).containers[0], name: `c${index}` }));
    cluster.createPod("five", { containers });
    expect((await ended(cluster, "five")).map(({ message }) => message?.length)).toEqual(Array(5).fill(2457));
  });

  test("the path is the pod's to choose", async () => {
    await using cluster = await startCluster();
    const more = { terminationMessagePath: "/var/run/last-words" };
    expect((await runPod(cluster, sh("echo bye > /var/run/last-words", more))).ends[0]?.message).toBe("bye\n");
  });

  test("FallbackToLogsOnError: the last 80 lines or 2048 bytes, only after a failure", async () => {
    await using cluster = await startCluster();
    const more = { terminationMessagePolicy: "FallbackToLogsOnError" };
    const many = 'i=0; while [ $i -lt 200 ]; do echo "line-$i-abcdefghijklmnopqrstuvwxyz"; i=$((i+1)); done';
    const long = await runPod(cluster, sh(`${many}; exit 1`, more), "long");
    expect(long.ends[0]?.message).toBe(long.log.slice(-2048));
    const short = await runPod(
      cluster,
      sh("i=0; while [ $i -lt 100 ]; do echo $((i+1000)); i=$((i+1)); done; exit 1", more),
      "short",
    );
    expect(short.ends[0]?.message).toBe(short.log.slice(-400));
    expect((await runPod(cluster, sh("echo fine", more), "fine")).ends[0]?.message).toBeUndefined();
  });
});

test("out of memory kills the program that works, not the larger one that waits for it", async () => {
  await using cluster = await startCluster();
  const supervisor = `const { spawnSync } = require("node:child_process"); const { signal } = spawnSync("sh", ["-c", "echo start; sleep 60; :"], { stdio: "inherit" }); console.log("ended by " + signal)`;
  cluster.createPod("pod", sh(`${process.execPath} -e '${supervisor}'; exit 0`));
  await cluster.until(podPhase("Running"));
  await says(cluster, "start");
  const pod = { namespace: NAMESPACE, name: "pod" };
  await expect
    .poll(() =>
      cluster.node.oomKill(pod, { child: true }).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  const [end] = await ended(cluster, "pod");
  expect(end).toMatchObject({ exitCode: 0, reason: "OOMKilled" });
  expect(await cluster.log("pod")).toContain("ended by ");
});
