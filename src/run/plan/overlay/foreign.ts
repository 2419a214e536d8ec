/**
 * What a template does not reach, whatever places the policy opens: Paperclip's volume beyond the agent's own part, the
 * Secrets of runs, the recorder's user; and, in an agent's own, what is the operator's.
 */
import { isDeepStrictEqual } from "node:util";
import { listOf, plain, wrong } from "../../../config/pod-template/problem.ts";
import type { Plain, TemplateProblem } from "../../../config/pod-template/walk.ts";
import { CONTAINER, isBundle, isRunsSecret, RECORDER } from "../../shared/names.ts";
import { HOME_VOLUME } from "../home/mounts.ts";

/** What an agent's template is held to beside: null for one of the operator's. */
export interface AgentsBounds {
  /** The claim of Paperclip's own home; null where the policy shares it, or there is none. */
  readonly paperclipsClaim: string | null;
  /** Whether tokens of the pod's service account are the operator's to give. */
  readonly noTokens: boolean;
  /** Patches of the operator's that are applied after it. */
  readonly later: readonly Plain[];
}

const FIELDS = ["initContainers", "containers"] as const;

/** @param made the spec of the adapter @param now after the template, whose types are right */
export function foreignProblems(made: Plain, now: Plain, agents: AgentsBounds | null): readonly TemplateProblem[] {
  return [
    ...beyondTheHome(made, now),
    ...secretsOfRuns(made, now),
    ...recordersUser(now),
    ...(agents === null ? [] : [...operatorsVolumes(now, agents), ...operatorsNames(made, now, agents.later)]),
  ].map(({ path, problem }) => ({ path: [{ field: "spec" }, ...path], problem }));
}

const containersIn = (spec: Plain) =>
  FIELDS.flatMap((field) =>
    listOf(spec[field]).map((container) => ({
      field,
      container,
      at: [field, { key: String(container.name) }] as const,
    })),
  );

/** A private home is folders of Paperclip's own volume. Links below them are the agent's, so that no deeper folder is one. */
function beyondTheHome(made: Plain, now: Plain): TemplateProblem[] {
  const agent = listOf(made.containers).find(({ name }) => name === CONTAINER);
  const own = listOf(agent?.volumeMounts).filter(({ name }) => name === HOME_VOLUME);
  if (own.every(({ subPath }) => !subPath)) return [];
  const isOwn = (mount: Plain): boolean =>
    !mount.subPathExpr &&
    own.some(({ subPath, readOnly }) => subPath === mount.subPath && (readOnly !== true || mount.readOnly === true));
  const folders = own.map(({ subPath, readOnly }) => (readOnly ? `${subPath} (readOnly)` : subPath)).join(", ");
  return containersIn(now).flatMap(({ container, at }) =>
    listOf(container.volumeMounts)
      .filter((mount) => mount.name === HOME_VOLUME && !isOwn(mount))
      .map(({ mountPath }) =>
        wrong(
          `mounts Paperclip's volume beyond the agent's part of it: subPath can be ${folders}`,
          ...at,
          "volumeMounts",
          { key: String(mountPath) },
        ),
      ),
  );
}

/** Another run's holds another agent's token; this one's is for the agent's own container. */
function secretsOfRuns(made: Plain, now: Plain): TemplateProblem[] {
  const isNew = (before: unknown, one: Plain): boolean => !listOf(before).some((old) => isDeepStrictEqual(old, one));
  const is = (source: unknown, key = "name"): boolean => {
    const name = String(plain(source)[key] ?? "");
    return isRunsSecret(name) || isBundle(name);
  };
  const why = "names the Secret of a run, which is for the run's own agent";
  const ofContainers = containersIn(now).flatMap(({ field, container, at }) => {
    const before = plain(listOf(made[field]).find(({ name }) => name === container.name));
    return [
      ...listOf(container.env)
        .filter((one) => is(plain(one.valueFrom).secretKeyRef) && isNew(before.env, one))
        .map(({ name }) => wrong(why, ...at, "env", { key: String(name) })),
      ...listOf(container.envFrom)
        .filter((one) => is(one.secretRef))
        .map(() => wrong(why, ...at, "envFrom")),
    ];
  });
  const ofVolumes = listOf(now.volumes)
    .filter((volume) => isNew(made.volumes, volume))
    .filter(
      ({ secret, csi, projected }) =>
        is(secret, "secretName") ||
        is(plain(csi).nodePublishSecretRef) ||
        listOf(plain(projected).sources).some((source) => is(source.secret)),
    )
    .map(({ name }) => wrong(why, "volumes", { key: String(name) }));
  return [...ofContainers, ...ofVolumes];
}

const userOf = (one: Plain | undefined): unknown => plain(one?.securityContext).runAsUser;

/** What the recorder writes is nobody else's because its user is nobody else. */
function recordersUser(now: Plain): TemplateProblem[] {
  const user = userOf(listOf(now.initContainers).find(({ name }) => name === RECORDER));
  if (user === undefined) return [];
  return containersIn(now)
    .filter(({ container }) => container.name !== RECORDER && (userOf(container) ?? userOf(now)) === user)
    .map(({ at }) => wrong(`runs as ${user}, the recorder's user`, ...at, "securityContext", "runAsUser"));
}

function operatorsVolumes(now: Plain, { paperclipsClaim, noTokens }: AgentsBounds): TemplateProblem[] {
  return listOf(now.volumes).flatMap(({ name, persistentVolumeClaim, projected }) => {
    const at = ["volumes", { key: String(name) }] as const;
    const isPaperclips = paperclipsClaim !== null && plain(persistentVolumeClaim).claimName === paperclipsClaim;
    const hasToken = listOf(plain(projected).sources).some((source) => plain(source.serviceAccountToken).path);
    return [
      ...(isPaperclips && name !== HOME_VOLUME
        ? [wrong("is Paperclip's own volume, of which an agent has its home alone", ...at, "persistentVolumeClaim")]
        : []),
      // Its audience may be the cluster's own API, whatever that is called there.
      ...(noTokens && hasToken
        ? [wrong("gives a token of the service account, which only the operator's templates may", ...at, "projected")]
        : []),
    ];
  });
}

/** They would be merged into one: the operator's container with an agent's command, say. */
function operatorsNames(made: Plain, now: Plain, later: readonly Plain[]): TemplateProblem[] {
  return ([...FIELDS, "volumes"] as const).flatMap((field) => {
    const ours = listOf(made[field]).map(({ name }) => name);
    const theirs = later.flatMap((patch) => listOf(plain(patch.spec)[field]).map(({ name }) => name));
    return listOf(now[field])
      .filter(({ name }) => theirs.includes(name) && !ours.includes(name))
      .map(({ name }) => wrong("has a name of the operator's template", field, { key: String(name) }));
  });
}
