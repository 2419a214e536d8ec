import type { Volume } from "kubernetes-types/core/v1";
import type { EventText } from "../../controllers/events.ts";
import { MountError } from "./files.ts";
import { type MountContext, mount, nameOnNode } from "./mount.ts";

export interface MountAll {
  readonly context: MountContext;
  readonly record: (event: EventText) => void;
  /** Throws when the pod is to end. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Milliseconds before the first retry; doubled after each (measured: 0.5, 1, 2, 4, 8 s). */
  readonly backoff: number;
}

const LONGEST = 244;

/**
 * Mounts one after the other and tries each until it works; the only trace of a failure is its event (measured). A volume
 * that no container mounts is not waited for (measured).
 */
export async function mountAll(volumes: readonly Volume[], options: MountAll): Promise<Map<string, string>> {
  const mounted = new Map<string, string>();
  const { pod } = options.context;
  const { containers, initContainers = [] } = pod.spec;
  const used = new Set([...containers, ...initContainers].flatMap((one) => one.volumeMounts?.map(({ name }) => name)));
  for (const volume of volumes.filter(({ name }) => used.has(name))) {
    for (let factor = 1; !mounted.has(volume.name); factor = Math.min(factor * 2, LONGEST)) {
      try {
        mounted.set(volume.name, await mount(options.context, volume));
      } catch (error) {
        if (!(error instanceof MountError)) throw error;
        const message = `MountVolume.SetUp failed for volume "${nameOnNode(options.context, volume)}" : ${error.message}`;
        options.record({ type: "Warning", reason: "FailedMount", message });
        await options.sleep(options.backoff * factor);
      }
    }
  }
  return mounted;
}
