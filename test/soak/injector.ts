/** A sidecar injector, as a service mesh has one: it gives some pods company, and is away at times. */
import type { Place } from "../cluster/support/place.ts";
import { registerWebhook, startWebhook } from "../cluster/support/webhook.ts";
import type { Dice } from "./random.ts";

export interface Injector {
  /** Sidecars given so far, by their kind. */
  readonly injected: ReadonlyMap<string, number>;
  setAway(away: boolean): void;
  close(): Promise<void>;
}

const KINDS = [
  { kind: "classic sidecar", script: "trap 'exit 0' TERM; while :; do sleep 0.2; done", native: false },
  { kind: "classic sidecar that ignores SIGTERM", script: "trap '' TERM; while :; do sleep 0.2; done", native: false },
  { kind: "classic sidecar that fails", script: "exit 1", native: false },
  { kind: "native sidecar", script: "trap 'exit 0' TERM; while :; do sleep 0.2; done", native: true },
] as const;

export async function startInjector(place: Place, dice: Dice): Promise<Injector> {
  const injected = new Map<string, number>();
  let isAway = false;
  const webhook = await startWebhook(() => {
    if (isAway) return "down";
    if (dice.chance(0.7)) return {};
    const { kind, script, native } = dice.pick<(typeof KINDS)[number]>(KINDS);
    injected.set(kind, (injected.get(kind) ?? 0) + 1);
    const sidecar = {
      name: "mesh-proxy",
      image: place.image,
      command: ["sh", "-c", script],
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    };
    const value = native ? [{ ...sidecar, restartPolicy: "Always" }] : sidecar;
    return { patch: [{ op: "add", path: native ? "/spec/initContainers" : "/spec/containers/-", value }] };
  });
  const unregister = await registerWebhook(place, "Mutating", "pods", webhook.clientConfig);
  return {
    injected,
    setAway: (away) => {
      isAway = away;
    },
    close: async () => {
      await unregister();
      await webhook.close();
    },
  };
}
