/** What was done on a real cluster, by the name of its recording in fixtures/kubernetes-1.36. */
import type { Timings } from "../../../src/timings.ts";
import type { StoreEvent } from "../../../src/types.ts";
import {
  hasCondition,
  jobEnded,
  jobGone,
  jobReady,
  kubeEvent,
  NAMESPACE,
  podGone,
  sh,
  type TestCluster,
} from "./cluster.ts";

/** The pod ends before the Job looks, however busy the machine is. */
const PATIENT = { jobSync: 1500, podRemoved: 2500 };

const TRAP =
  'trap "echo GOT-TERM; echo termmsg-from-trap >/dev/termination-log; exit 143" TERM; echo started; ' +
  "echo early-msg >/dev/termination-log; sleep 60 & wait";

type Fits = (event: StoreEvent) => boolean;

/** What is done to a Job of one pod, and until when it is compared. */
export interface Case {
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

export const cases: Record<string, Case> = {
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
