/** What goes wrong while the agents work. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Devcluster, FaultAction } from "../../devcluster/src/index.ts";
import type { ExecPlugin } from "./exec-plugin.ts";
import type { Hosts } from "./hosts.ts";
import type { Injector } from "./injector.ts";
import type { Dice } from "./random.ts";

const ACTIONS: readonly [FaultAction, ...FaultAction[]] = [
  { kind: "drop", when: "before" },
  { kind: "drop", when: "after" },
  { kind: "respond", code: 401, message: "Unauthorized" },
  { kind: "respond", code: 503 },
  { kind: "respond", code: 500 },
  { kind: "respond", code: 429, retryAfter: 1 },
  { kind: "delay", milliseconds: 800 },
  { kind: "cut", end: "reset", afterBytes: 3000 },
  { kind: "cut", end: "clean", afterMilliseconds: 300 },
  { kind: "expire" },
];

export interface Breakable {
  readonly devcluster: Devcluster;
  readonly hosts: Hosts;
  readonly injector: Injector;
  readonly plugin: ExecPlugin;
  readonly dice: Dice;
}

/** Until the signal aborts; then everything works again. Returns how often each thing was done. */
export async function makeTrouble(
  { devcluster, hosts, injector, plugin, dice }: Breakable,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const done = new Map<string, number>();
  const count = (what: string): void => void done.set(what, (done.get(what) ?? 0) + 1);
  while (!signal.aborted) {
    await sleep(dice.between(200, 1500), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const roll = dice.next();
    if (roll < 0.15) {
      const how = dice.pick<"SIGKILL" | "SIGTERM">(["SIGKILL", "SIGTERM"]);
      count(`host ${how}`);
      await hosts.killOne(how);
    } else if (roll < 0.35) {
      count("API server restarted");
      devcluster.cutConnections();
    } else if (roll < 0.45) {
      count("webhook away");
      injector.setAway(true);
      await sleep(dice.between(500, 4000), undefined, { signal }).catch(() => undefined);
      injector.setAway(false);
    } else if (roll < 0.55) {
      count("exec plugin failing");
      await plugin.setFailing(true);
      await sleep(dice.between(500, 4000), undefined, { signal }).catch(() => undefined);
      await plugin.setFailing(false);
    } else {
      const action = dice.pick(ACTIONS);
      count(`fault ${action.kind}${"code" in action ? ` ${action.code}` : ""}`);
      // Only some calls of the API are for watches, which alone can expire.
      const match = action.kind === "expire" ? { query: /watch=/ } : {};
      const fault = devcluster.faults.add({ action, match, count: dice.between(1, 40) });
      await sleep(dice.between(200, 3000), undefined, { signal }).catch(() => undefined);
      fault.remove();
    }
  }
  devcluster.faults.clear();
  return done;
}
