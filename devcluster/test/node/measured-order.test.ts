import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { measuredTimings, type Timings } from "../../src/timings.ts";
import type { StoreEvent } from "../../src/types.ts";
import {
  hasCondition,
  jobEnded,
  jobGone,
  jobReady,
  kubeEvent,
  NAMESPACE,
  podGone,
  sh,
  startCluster,
  type TestCluster,
} from "./support/cluster.ts";
import { parseLine, parseTold, type Seen, seen, type Told, told } from "./support/shape.ts";

/**
 * Each case runs on the devcluster as it ran on a real cluster; what a watcher sees of the pod and of the Job must have
 * the same shape in the same order. Times are the measured ones, shortened by the same factor.
 */
const FACTOR = 0.4;
const shorter = Object.fromEntries(Object.entries(measuredTimings).map(([name, ms]) => [name, ms * FACTOR]));
// A pod is counted before or after it is removed: measured both ways. Here always before.
const timings: Timings = { ...(shorter as unknown as Timings), podRemoved: 700, podGarbageCollector: 1000 };

/** The pod ends before the Job looks, however busy the machine is. */
const PATIENT = { jobSync: 1500, podRemoved: 2500 };

const TRAP =
  'trap "echo GOT-TERM; echo termmsg-from-trap >/dev/termination-log; exit 143" TERM; echo started; ' +
  "echo early-msg >/dev/termination-log; sleep 60 & wait";

type Fits = (event: StoreEvent) => boolean;

interface Case {
  readonly pod: object;
  readonly job?: object;
  /** What is done when. */
  readonly when?: Fits;
  readonly act?: (cluster: TestCluster, pod: string) => unknown;
  /** The end, beyond which nothing is compared. */
  readonly until: Fits;
  /** The order between pod and Job is compared too. */
  readonly together?: true;
  /** Two controllers race for the pod: when its finalizer goes is not compared (measured both ways). */
  readonly racing?: true;
  readonly timings?: Partial<Timings>;
}

const removePod = ({ store }: TestCluster, pod: string, options = {}): unknown =>
  store.delete("pods", NAMESPACE, pod, options);
const propagate =
  (propagationPolicy?: "Background" | "Foreground") =>
  ({ store }: TestCluster): unknown =>
    store.delete("jobs", NAMESPACE, "job", propagationPolicy === undefined ? {} : { propagationPolicy });
const suspend =
  (value: boolean) =>
  ({ store }: TestCluster): unknown =>
    store.mutate("jobs", NAMESPACE, "job", (draft) => {
      (draft.spec as { suspend: boolean }).suspend = value;
    });
const evict = ({ store }: TestCluster, pod: string): unknown => {
  store.mutate("pods", NAMESPACE, pod, (draft) => {
    const status = draft.status as { conditions: object[] };
    const condition = { type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI" };
    status.conditions.push({ ...condition, message: "Eviction API: evicting", lastTransitionTime: "" });
  });
  return store.delete("pods", NAMESPACE, pod);
};
const oom =
  (child: boolean) =>
  ({ node }: TestCluster, pod: string): unknown =>
    node.oomKill({ namespace: NAMESPACE, name: pod }, { child });

const elsewhere = { nodeSelector: { nope: "x" } };
const both = (a: Fits, b: Fits): Fits => {
  let left = 2;
  const once = (fits: Fits): Fits => {
    let done = false;
    return (event) => {
      if (done || !fits(event)) return false;
      done = true;
      left -= 1;
      return true;
    };
  };
  const first = once(a);
  const second = once(b);
  return (event) => {
    first(event);
    second(event);
    return left === 0;
  };
};

const cases: Record<string, Case> = {
  success: {
    pod: sh("echo hi; echo resultjson > /dev/termination-log; sleep 0.6; echo bye"),
    until: jobEnded,
    together: true,
  },
  exit1: {
    pod: sh("echo hi; echo why-it-failed > /dev/termination-log; sleep 0.6; exit 1"),
    until: jobEnded,
    together: true,
  },
  oomchild: {
    pod: sh('sleep 60 & echo start; wait $!; echo "child rc=$?"; exit 0'),
    when: jobReady,
    act: oom(true),
    until: jobEnded,
    together: true,
  },
  oompid1: {
    pod: sh("echo early > /dev/termination-log; echo start; exec sleep 60"),
    when: jobReady,
    act: oom(false),
    until: jobEnded,
    together: true,
  },
  cmdmissing: {
    pod: { containers: [{ name: "main", image: "busybox:1.36", command: ["/no/such/cmd"] }] },
    until: jobEnded,
    together: true,
  },
  initfail: {
    pod: {
      initContainers: [
        {
          name: "init",
          image: "busybox:1.36",
          command: ["sh", "-c", "echo initlog; echo initmsg >/dev/termination-log; sleep 0.3; exit 7"],
        },
      ],
      ...sh("echo hi; sleep 2"),
    },
    until: jobEnded,
    together: true,
  },
  pfpfail: {
    pod: sh("sleep 0.6; exit 42"),
    job: {
      backoffLimit: 3,
      podReplacementPolicy: "Failed",
      podFailurePolicy: {
        rules: [{ action: "FailJob", onExitCodes: { containerName: "main", operator: "In", values: [42] } }],
      },
    },
    until: jobEnded,
    together: true,
  },
  delpod: { pod: sh(TRAP), when: jobReady, act: removePod, until: podGone, together: true, timings: PATIENT },
  evict: { pod: sh(TRAP), when: jobReady, act: evict, until: podGone, together: true, timings: PATIENT },
  prpfailed: {
    pod: sh(TRAP),
    job: { podReplacementPolicy: "Failed" },
    when: jobReady,
    act: removePod,
    until: both(podGone, jobEnded),
    timings: { ...PATIENT, podRemoved: 0 },
  },
  delpodforce: {
    pod: sh(TRAP),
    when: jobReady,
    act: (cluster, pod) => removePod(cluster, pod, { gracePeriodSeconds: 0 }),
    until: both(podGone, jobEnded),
    timings: PATIENT,
  },
  deljobbg: { pod: sh(TRAP), when: jobReady, act: propagate("Background"), until: podGone },
  deljobfg: { pod: sh(TRAP), when: jobReady, act: propagate("Foreground"), until: jobGone, timings: PATIENT },
  deljobdef: { pod: sh(TRAP), when: jobReady, act: propagate(), until: jobGone },
  jobdeadline: { pod: sh(TRAP), job: { activeDeadlineSeconds: 2 }, until: both(podGone, jobEnded) },
  poddeadline: { pod: { ...sh(TRAP), activeDeadlineSeconds: 4 }, until: jobEnded, timings: { jobSync: 1000 } },
  suspended: {
    pod: sh("echo hi; sleep 0.6"),
    job: { suspend: true },
    when: ({ resource, object }) => resource === "jobs" && hasCondition(object, "Suspended"),
    act: suspend(false),
    until: jobEnded,
  },
  suspendmid: { pod: sh(TRAP), when: jobReady, act: suspend(true), until: podGone },
  unsched: { pod: { ...sh("true"), ...elsewhere }, job: { activeDeadlineSeconds: 1 }, until: jobEnded },
  delpending: {
    pod: { ...sh("true"), ...elsewhere },
    when: kubeEvent("FailedScheduling"),
    act: removePod,
    until: jobEnded,
  },
  prpfailpending: {
    pod: { ...sh("true"), ...elsewhere },
    job: { podReplacementPolicy: "Failed" },
    when: kubeEvent("FailedScheduling"),
    act: removePod,
    until: jobEnded,
  },
  cfgerr: {
    pod: sh("true", { env: [{ name: "X", valueFrom: { secretKeyRef: { name: "missing", key: "k" } } }] }),
    job: { activeDeadlineSeconds: 2 },
    until: jobEnded,
    racing: true,
  },
  volsecret: {
    pod: {
      ...sh("true", { volumeMounts: [{ name: "v", mountPath: "/v" }] }),
      volumes: [{ name: "v", secret: { secretName: "missing2" } }],
    },
    job: { activeDeadlineSeconds: 2 },
    until: jobEnded,
  },
  nevershow: {
    pod: sh("true", { image: "busybox:absent", imagePullPolicy: "Never" }),
    job: { activeDeadlineSeconds: 2 },
    until: jobEnded,
    racing: true,
  },
  badimage: {
    pod: sh("true", { image: "Bad Image!!" }),
    job: { activeDeadlineSeconds: 2 },
    until: jobEnded,
    racing: true,
  },
};

describe.concurrent("what a watcher sees, as measured", () => {
  test.each(Object.entries(cases))("%s", async (name, run) => {
    const lines = recording(name);
    const real = lines
      .map(parseLine)
      .filter((line) => line !== undefined)
      .sort((a, b) => a.revision - b.revision);
    const events = await play(run);
    const mine = events.map(seen).filter((event) => event !== undefined);
    for (const kind of ["pod", "job"] as const) {
      expect(of(mine, kind, run.racing), kind).toEqual(of(real, kind, run.racing));
    }
    if (run.together) expect(afterStart(mine)).toEqual(afterStart(real));
    for (const about of ["Pod", "Job"]) {
      expect(texts(events.map(told), about), about).toEqual(texts(lines.map(parseTold), about));
    }
  });
});

function recording(name: string): string[] {
  return readFileSync(new URL(`../fixtures/kubernetes-1.36/${name}.txt`, import.meta.url), "utf8").split("\n");
}

/** The Events about one kind, each once, in the order of their first appearance. */
function texts(all: readonly (Told | undefined)[], about: string): string[] {
  return [...new Set(all.filter((event) => event?.about === about).map((event) => event?.text ?? ""))];
}

async function play(run: Case): Promise<readonly StoreEvent[]> {
  await using cluster = await startCluster({ timings: { ...timings, ...run.timings } });
  cluster.createJob("job", run.pod, run.job);
  if (run.when !== undefined) {
    await cluster.until(run.when);
    const [pod] = cluster.store.list("pods");
    const name = pod?.metadata.name ?? "";
    // Its handlers and its child are there when it has spoken.
    if (run.when === jobReady) await cluster.untilItSpeaks(name);
    await run.act?.(cluster, name);
  }
  await cluster.until(run.until);
  return cluster.events;
}

function of(events: readonly Seen[], kind: Seen["kind"], racing = false): string[] {
  const lines = events.filter((event) => event.kind === kind).map(text);
  return collapsed(racing ? lines.map((line) => line.replace(/"fin":\[[^\]]*\],/, "")) : lines);
}

/** Pod and Job together from the first Running on; before, they race. */
function afterStart(events: readonly Seen[]): string[] {
  const distinct = events.filter((event, index) => {
    const before = events.slice(0, index).findLast(({ kind }) => kind === event.kind);
    return before === undefined || before.type !== event.type || before.shape !== event.shape;
  });
  const start = distinct.findIndex(({ kind, shape }) => kind === "job" && shape.includes('"ready":1'));
  return distinct.slice(start).map(text);
}

function collapsed(all: readonly string[]): string[] {
  return all.filter((line, index, lines) => line !== lines[index - 1]);
}

const text = ({ kind, type, shape }: Seen): string => `${kind} ${type} ${shape}`;
