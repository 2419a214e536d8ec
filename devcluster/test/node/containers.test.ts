import { describe, expect, test } from "vitest";
import { NAMESPACE, podPhase, sh, startCluster } from "./support/cluster.ts";
import { createSecret, ended, runPod, says } from "./support/run-pod.ts";

describe.concurrent("environment, command and arguments", () => {
  test("variables expand as measured; a Secret's value does not", async () => {
    await using cluster = await startCluster();
    createSecret(cluster, "s", { key: "raw $(A) $$" });
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
    createSecret(cluster, "s", { ONE: "1", TWO: "2" });
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
