/** Attacks a server of its own, so that what it costs can be told from what the test and its cluster cost. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { settingsOf } from "../../cluster/support/context.ts";
import type { Place } from "../../cluster/support/place.ts";
import { programOf } from "../../support/program.ts";
import type { Attack, Damage } from "./victim-main.ts";

const main = programOf(new URL("victim-main.ts", import.meta.url));

export interface AttackOptions extends Partial<Pick<Attack, "env" | "stored">> {
  /** The agent: a program for sh. */
  readonly agent: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly agentId?: string;
  readonly image?: string;
}

/** Rejects when the server does not survive. */
export async function attack(place: Place, options: AttackOptions): Promise<Damage> {
  const { env = {}, stored, ...more } = options;
  const settings = settingsOf(place, more);
  place.paperclip.set(settings.runId, "running");
  const server = fork(main, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const died = once(server, "exit").then(() => Promise.reject(new Error("the server died")));
  died.catch(() => undefined);
  const told = once(server, "message") as Promise<[Damage]>;
  server.send({ settings, env, paperclipUrl: place.paperclip.url, ...(stored ? { stored } : {}) } satisfies Attack);
  try {
    const [damage] = await Promise.race([told, died]);
    place.paperclip.ended(settings.runId, damage.result);
    return damage;
  } finally {
    if (server.connected) server.disconnect();
  }
}
