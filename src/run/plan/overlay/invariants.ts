/**
 * What no template changes, because the run would not be one any more: the runner and what it is told, the run's Secret,
 * the labels by which the pod is found, a single start, no token of the cluster. A contradiction is refused with its place;
 * nothing is put back in silence.
 */
import { posix } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { listOf, plain, wrong } from "../../../config/pod-template/problem.ts";
import type { Plain, TemplateProblem } from "../../../config/pod-template/walk.ts";
import { isBelow } from "../../../paperclip/paths.ts";
import { RUN_DIRECTORY } from "../../../runner/spec.ts";
import { CONTAINER, isReserved } from "../../shared/names.ts";

/** Of the pod, each with the setting for it. */
const OF_POD: Readonly<Record<string, string>> = {
  restartPolicy: "the agent is started once",
  automountServiceAccountToken: "agents get no token of the cluster",
  terminationGracePeriodSeconds: "it follows `graceSec`",
  activeDeadlineSeconds: "it follows `timeoutSec`",
  shareProcessNamespace: "the runner is the first process of its container",
};

/** Of the agent's container. */
const OF_CONTAINER: Readonly<Record<string, string>> = {
  command: "it is the runner, which starts `command` of the agent",
  args: "the runner has the arguments; use `extraArgs`",
  workingDir: "the runner goes to `workingDirectory`",
  terminationMessagePath: "the runner leaves its seal there",
  terminationMessagePolicy: "the runner leaves its seal there",
  stdin: "the prompt comes from the run's Secret",
  stdinOnce: "the prompt comes from the run's Secret",
  tty: "the log has one line for each event",
};

/** @param made the template of the adapter @param now after the templates, whose types are right */
export function brokenInvariants(made: Plain, now: Plain): readonly TemplateProblem[] {
  const [before, after] = [plain(made.spec), plain(now.spec)];
  const container = agentIn(after);
  if (!container) return [wrong(`has no container ${CONTAINER}, which runs the agent`, "spec", "containers")];
  const at = ["spec", "containers", { key: CONTAINER }] as const;
  const own = agentIn(before) ?? {};
  return [
    ...changed(before, after, OF_POD).map(([field, why]) => wrong(`cannot be changed: ${why}`, "spec", field)),
    ...changed(own, container, OF_CONTAINER).map(([field, why]) => wrong(`cannot be changed: ${why}`, ...at, field)),
    ...[...variables(own, container), ...mounts(own, container)].map(({ path, problem }) => ({
      path: [{ field: "spec" }, { field: "containers" }, { key: CONTAINER }, ...path],
      problem,
    })),
    ...sidecars(before, after),
    ...borrowedVolumes(before, after),
    ...volumes(before, after),
    ...names(plain(made.metadata), plain(now.metadata)),
  ];
}

const agentIn = (spec: Plain): Plain | undefined => listOf(spec.containers).find(({ name }) => name === CONTAINER);

function changed(before: Plain, after: Plain, fields: Readonly<Record<string, string>>): (readonly [string, string])[] {
  return Object.entries(fields).filter(([field]) => !isDeepStrictEqual(before[field] ?? null, after[field] ?? null));
}

const IS_OURS = /^(HOME|CLAUDE_ENV_FILE|CLAUDE_K8S_.*)$/;

function variables(before: Plain, after: Plain): TemplateProblem[] {
  const [old, now] = [listOf(before.env), listOf(after.env)];
  const isKept = (one: Plain): boolean => IS_OURS.test(String(one.name)) || /^PAPERCLIP_/.test(String(one.name));
  const names = new Set(
    [...old.filter(isKept), ...now.filter((one) => IS_OURS.test(String(one.name)))].map((one) => one.name),
  );
  return [...names]
    .filter((name) => {
      const find = (list: readonly Plain[]): Plain[] => list.filter((one) => one.name === name);
      return !isDeepStrictEqual(find(old), find(now));
    })
    .map((name) => wrong("cannot be changed: the adapter sets it", "env", { key: String(name) }));
}

/** As the kubelet and the runtime take it: from the root on, without `.`, `..` and what is written twice. */
const resolved = (path: unknown): string => posix.resolve("/", String(path));

/** The folders of the run itself: another volume over one of them, or over a folder above, would hide it. */
const OURS = /^\/run\/claude-k8s(-[a-z]+)?$/;

function mounts(before: Plain, after: Plain): TemplateProblem[] {
  const [old, now] = [listOf(before.volumeMounts), listOf(after.volumeMounts)];
  const folders = old.map(({ mountPath }) => resolved(mountPath)).filter((path) => OURS.test(path));
  const at = (mountPath: unknown) => ["volumeMounts", { key: String(mountPath) }] as const;
  const gone = old
    .filter((one) => !now.some((other) => isDeepStrictEqual(one, other)))
    .map(({ mountPath }) => wrong("cannot be changed: the agent's container needs it", ...at(mountPath)));
  const hiding = now
    .filter(({ mountPath }) => !old.some((one) => one.mountPath === mountPath))
    .filter(({ mountPath }) => {
      const path = resolved(mountPath);
      const hides = [...folders, RUN_DIRECTORY, resolved(before.terminationMessagePath)];
      return hides.some((folder) => isBelow(path, folder) || isBelow(folder, path));
    })
    .map(({ mountPath }) => wrong("would hide a folder of the run", ...at(mountPath)));
  return [...gone, ...hiding];
}

/** Containers of the adapter's own beside the agent's. */
function sidecars(before: Plain, after: Plain): TemplateProblem[] {
  return (["initContainers", "containers"] as const).flatMap((field) =>
    listOf(before[field])
      .filter(({ name }) => name !== CONTAINER)
      .filter((one) => !listOf(after[field]).some((other) => isDeepStrictEqual(one, other)))
      .map(({ name }) => wrong("cannot be changed: it is the adapter's", "spec", field, { key: String(name) })),
  );
}

/** Volumes that every container of a template may mount. */
const SHARED = ["home", "scratch", "workspace"];

/** What the run is told, and what it records, is for nobody else, and at no other place. */
function borrowedVolumes(before: Plain, after: Plain): TemplateProblem[] {
  const own = listOf(before.volumes).map(({ name }) => name);
  const isOwn = (name: unknown): boolean => own.includes(name) && !SHARED.includes(String(name));
  return (["initContainers", "containers"] as const).flatMap((field) =>
    listOf(after[field]).flatMap((container) => {
      const old = listOf(listOf(before[field]).find(({ name }) => name === container.name)?.volumeMounts);
      return listOf(container.volumeMounts)
        .filter(({ name, mountPath }) => isOwn(name) && !old.some((one) => one.mountPath === mountPath))
        .map(({ mountPath }) => {
          const at = [{ key: String(container.name) }, "volumeMounts", { key: String(mountPath) }] as const;
          return wrong("mounts a volume of the run itself", "spec", field, ...at);
        });
    }),
  );
}

/** An empty directory may have another size or medium. */
function volumes(before: Plain, after: Plain): TemplateProblem[] {
  const now = listOf(after.volumes);
  return listOf(before.volumes)
    .filter((one) => {
      const other = now.find(({ name }) => name === one.name);
      const isEmptyDir = one.emptyDir !== undefined && Object.keys(plain(other)).toSorted().join() === "emptyDir,name";
      return !isEmptyDir && !isDeepStrictEqual(one, other);
    })
    .map(({ name }) => {
      const why = name === "home" ? "the agent's home is chosen by `homeClaim`" : "the run needs it";
      return wrong(`cannot be changed: ${why}`, "spec", "volumes", { key: String(name) });
    });
}

function names(before: Plain, after: Plain): TemplateProblem[] {
  const differs = (field: "labels" | "annotations"): string[] => {
    const [old, now] = [plain(before[field]), plain(after[field])];
    return [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) => old[key] !== now[key]);
  };
  return [
    ...differs("labels")
      .filter(isReserved)
      .map((key) => wrong("cannot be changed: the pod is known by it", "metadata", "labels", { key })),
    ...differs("annotations")
      .filter((key) => key.startsWith("paperclip.io/"))
      .map((key) => wrong("cannot be changed: it is the adapter's", "metadata", "annotations", { key })),
  ];
}
