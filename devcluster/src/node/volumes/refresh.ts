import type { Volume } from "kubernetes-types/core/v1";
import type { Store } from "../../types.ts";
import { MountError } from "./files.ts";
import { type MountContext, mount } from "./mount.ts";

/**
 * Brings what Secrets and ConfigMaps have now into a running pod, optional ones that are new too, as the kubelet does on
 * one of its rounds: `delay` milliseconds after the change. Returns the way to stop.
 */
export function keepFresh(context: MountContext, store: Pick<Store, "subscribe">, delay: number): () => Promise<void> {
  const { namespace } = context.pod.metadata;
  const { volumes = [] } = context.pod.spec;
  const named = new Set(volumes.flatMap(sourcesOf));
  if (named.size === 0) return async () => {};
  const refreshed = volumes.filter((volume) => sourcesOf(volume).length > 0);
  let timer: NodeJS.Timeout | undefined;
  let work = Promise.resolve();
  const unsubscribe = store.subscribe(({ resource, object: { metadata } }) => {
    if (metadata.namespace !== namespace || !named.has(`${resource}/${metadata.name}`)) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      work = work.then(() => refresh(context, refreshed));
    }, delay);
  });
  return async () => {
    unsubscribe();
    clearTimeout(timer);
    await work;
  };
}

async function refresh(context: MountContext, volumes: readonly Volume[]): Promise<void> {
  for (const volume of volumes) {
    // What is missing now was there when the pod started: it keeps what it has.
    await mount(context, volume).catch((error: unknown) => {
      if (!(error instanceof MountError)) process.emitWarning(error instanceof Error ? error : String(error));
    });
  }
}

function sourcesOf({ secret, configMap, projected }: Volume): string[] {
  return [
    ...(secret === undefined ? [] : [`secrets/${secret.secretName}`]),
    ...(configMap === undefined ? [] : [`configmaps/${configMap.name}`]),
    ...(projected?.sources ?? []).flatMap((source) => [
      ...(source.secret === undefined ? [] : [`secrets/${source.secret.name}`]),
      ...(source.configMap === undefined ? [] : [`configmaps/${source.configMap.name}`]),
    ]),
  ];
}
