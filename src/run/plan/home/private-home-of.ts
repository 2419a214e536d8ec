import type { Job } from "kubernetes-types/batch/v1";
import { CONTAINER } from "../../shared/names.ts";
import { PRIVATE_HOME } from "./entitlement.ts";
import { HOME_VOLUME } from "./mounts.ts";

/**
 * The names that lead from Paperclip's home to the private one that a Job has mounted at `path`; none for a Job with the
 * home itself, as earlier versions made them. Whoever may create Jobs writes it: it leads to a private home or nowhere.
 */
export function privateHomeOf(job: Job, path: string): readonly string[] {
  const agent = job.spec?.template.spec?.containers.find(({ name }) => name === CONTAINER);
  const mount = agent?.volumeMounts?.find((each) => each.name === HOME_VOLUME && each.mountPath === path);
  return PRIVATE_HOME.exec(mount?.subPath ?? "")?.[1]?.split("/") ?? [];
}
