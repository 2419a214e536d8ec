/** The processes of Paperclip: some are killed while they work, and others take their place. */
import { type AdapterProcess, startAdapterProcess } from "../cluster/support/adapter-process.ts";
import { SERVER_ENV } from "../cluster/support/context.ts";
import type { Dice } from "./random.ts";

export interface Hosts {
  pick(): AdapterProcess;
  /** Kills one of them; a new one is there when this resolves. */
  killOne(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  stop(): Promise<void>;
}

/** As in Paperclip's server: there a Job goes once its outcome is on record, so that no task is ever done twice. */
const SERVER = { ...SERVER_ENV, PAPERCLIP_LISTEN_PORT: "3100" };

export async function startHosts(count: number, dice: Dice): Promise<Hosts> {
  const hosts = await Promise.all(Array.from({ length: count }, () => startAdapterProcess(SERVER)));
  return {
    pick: () => {
      const host = hosts[dice.between(0, hosts.length - 1)];
      if (!host) throw new Error("no host is left");
      return host;
    },
    killOne: async (signal) => {
      const fresh = await startAdapterProcess(SERVER);
      const [old] = hosts.splice(dice.between(0, hosts.length - 1), 1, fresh);
      await old?.kill(signal);
    },
    stop: async () => {
      await Promise.all(hosts.map((host) => host.kill("SIGTERM")));
    },
  };
}
