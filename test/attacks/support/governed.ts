/** Starts a server that has an operator's policy, and attacks it. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { freshId, settingsOf } from "../../cluster/support/context.ts";
import type { Place } from "../../cluster/support/place.ts";
import { programOf } from "../../support/program.ts";
import type { Answer, Door, Intrusion } from "./governed-main.ts";

const main = programOf(new URL("governed-main.ts", import.meta.url));

export interface IntrusionOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly companyId?: string;
  readonly agentId?: string;
}

export class GovernedServer {
  readonly #server: ChildProcess;
  readonly #died: Promise<never>;
  readonly #place: Place;

  constructor(place: Place, env: NodeJS.ProcessEnv) {
    this.#place = place;
    this.#server = fork(main, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"], env });
    this.#died = once(this.#server, "exit").then(() => Promise.reject(new Error("the server died")));
    this.#died.catch(() => undefined);
  }

  /** Rejects when the server does not survive. */
  async attack(door: Door, { config = {}, companyId = "company", agentId }: IntrusionOptions): Promise<Answer> {
    const id = agentId ?? `agent-${freshId()}`;
    const settings = settingsOf(this.#place, { agent: "exit 0", agentId: id });
    const told = once(this.#server, "message") as Promise<[Answer]>;
    this.#server.send({ door, settings, config, companyId } satisfies Intrusion);
    const [answer] = await Promise.race([told, this.#died]);
    return answer;
  }

  stop(): void {
    if (this.#server.connected) this.#server.disconnect();
  }
}
