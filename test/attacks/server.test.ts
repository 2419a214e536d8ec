/** What an agent's configuration, and what pods write on a shared home, make the server open, read and remove. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshId } from "../cluster/support/context.ts";
import type { Place } from "../cluster/support/place.ts";
import { INIT, RESULT } from "../cluster/support/run.ts";
import { usePlace } from "../cluster/support/use-place.ts";
import { type AttackOptions, attack } from "./support/victim.ts";
import type { Damage } from "./support/victim-main.ts";

let place: Place;
let home = "";
usePlace((opened) => {
  place = opened;
});
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "attacked-home-"));
  await mkdir(join(home, "instances/default/secrets"), { recursive: true });
  await writeFile(join(home, "instances/default/secrets/AGENTS.md"), "TOP-SECRET");
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** As in Paperclip's own server. */
const SERVER = (): NodeJS.ProcessEnv => ({ PAPERCLIP_HOME: home, PAPERCLIP_LISTEN_PORT: "3100" });
const mkfifo = (path: string) => promisify(execFile)("mkfifo", [path]).then(() => undefined);
const secrets = (): string => join(home, "instances/default/secrets");
const managed = (agentId: string): string =>
  join(home, "instances/default/companies/company/agents", agentId, "instructions/AGENTS.md");

/** An agent that prints its system prompt. */
const READS_OUT = `cat >/dev/null; ${INIT}; while [ $# -gt 0 ]; do case $1 in --append-system-prompt-file) cat "$2";; esac; shift; done; echo; ${RESULT}`;

const isRefused =
  (words: RegExp) =>
  ({ result }: Damage): void => {
    expect(result.errorMessage).toMatch(words);
    expect(result.resultJson?.job ?? null).toBeNull();
  };
const goesOnWithout = ({ result, stdout }: Damage): void => {
  expect(result, result.errorMessage ?? "").toMatchObject({ exitCode: 0, errorCode: null });
  expect(stdout).not.toContain("TOP-SECRET");
  expect(stdout).not.toContain("PATH=");
};

interface Row {
  readonly who: string;
  readonly attack: (agentId: string, path: string) => Promise<Omit<AttackOptions, "agent">>;
  readonly expected: (damage: Damage) => void;
}

const yaml = (lines: number): string => Array.from({ length: lines }, (_, at) => `key${at}: x`).join("\n");
const replacing = (replace: (path: string) => Promise<unknown>): Row["attack"] => {
  return async (agentId) => {
    const path = managed(agentId);
    await mkdir(dirname(path), { recursive: true });
    await replace(path);
    return { config: { instructionsFilePath: path, instructionsRootPath: dirname(path) } };
  };
};
const overriding =
  (path: (agentId: string) => string): Row["attack"] =>
  async (agentId) => ({
    config: { instructionsFilePath: path(agentId) },
    stored: { instructionsFilePath: managed(agentId) },
  });

const rows: readonly Row[] = [
  {
    who: "a kubeconfig that is a pipe",
    attack: async (_, path) => {
      await mkfifo(path);
      return { config: { kubeconfig: path } };
    },
    expected: isRefused(/is no regular file/),
  },
  {
    who: "a kubeconfig of eight terabytes",
    attack: async (_, path) => {
      await writeFile(path, "");
      await truncate(path, 8e12);
      return { config: { kubeconfig: path } };
    },
    expected: isRefused(/more than 1048576 bytes/),
  },
  {
    who: "a kubeconfig whose certificate is a pipe, which a library would open in the middle of everything",
    attack: async (_, path) => {
      await mkfifo(`${path}.crt`);
      const kubeconfig = JSON.parse(JSON.stringify(await kubeconfigOf(place))) as Kubeconfig;
      for (const { cluster } of kubeconfig.clusters) {
        delete cluster["certificate-authority-data"];
        cluster["certificate-authority"] = `${path}.crt`;
      }
      await writeFile(path, JSON.stringify(kubeconfig));
      return { config: { kubeconfig: path } };
    },
    expected: isRefused(/is no regular file/),
  },
  {
    who: "a map of labels of a hundred thousand lines",
    attack: async () => ({ config: { labels: yaml(100_000) } }),
    expected: isRefused(/^labels cannot be read: it is longer than 16384 characters/m),
  },
  {
    who: "an unknown key of a megabyte, and ten thousand more",
    attack: async () => ({
      config: Object.fromEntries([
        ["k".repeat(1e6), 1],
        ...Array.from({ length: 10_000 }, (_, at) => [`${"k".repeat(50)}${at}`, 1]),
      ]),
    }),
    expected: goesOnWithout,
  },
  {
    who: "a task that overrides its agent's instructions with the server's environment",
    attack: overriding(() => "/proc/self/environ"),
    expected: isRefused(
      /^instructionsFilePath names \/proc\/self\/environ, which Paperclip does not keep for this agent/m,
    ),
  },
  {
    who: "a task that overrides them with another agent's",
    attack: overriding(() => managed("another")),
    expected: isRefused(/^instructionsFilePath names .*another/m),
  },
  {
    who: "instructions that were replaced by a link to the server's environment",
    attack: replacing((path) => symlink("/proc/self/environ", path)),
    expected: goesOnWithout,
  },
  {
    who: "instructions that were replaced by a pipe",
    attack: replacing(mkfifo),
    expected: goesOnWithout,
  },
  {
    who: "instructions whose folder was replaced by a link to the secrets",
    attack: replacing(async (path) => {
      await rm(dirname(path), { recursive: true });
      await symlink(secrets(), dirname(path));
    }),
    expected: goesOnWithout,
  },
];

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Record<string, unknown> }[];
}

async function kubeconfigOf({ kubeconfig }: Place): Promise<unknown> {
  const { parse } = await import("yaml");
  return parse(await readFile(kubeconfig, "utf8"));
}

/** Megabytes above the server before the run; an honest run takes about 70. */
const MOST_RSS_MB = 250;
/** Milliseconds of CPU that one turn of the event loop takes; the first one loads the adapter. */
const MOST_BLOCKED_MS = 1500;

describe("the server is unharmed by", () => {
  it.each(rows)("$who", async ({ attack: prepare, expected }) => {
    const agentId = `agent-${freshId()}`;
    const options = await prepare(agentId, join(home, `file-${freshId()}`));
    const damage = await attack(place, { agent: READS_OUT, agentId, env: SERVER(), ...options });
    expected(damage);
    expect(damage.rssMb).toBeLessThan(MOST_RSS_MB);
    expect(damage.blockedMs).toBeLessThan(MOST_BLOCKED_MS);
    expect(damage.openFiles).toBeLessThan(20);
  });

  it("nothing: an agent's own instructions reach it", async () => {
    const agentId = `agent-${freshId()}`;
    const path = managed(agentId);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "Be kind.\n");
    const config = { instructionsFilePath: path, instructionsRootPath: dirname(path) };
    const { stdout } = await attack(place, { agent: READS_OUT, agentId, env: SERVER(), config });
    expect(stdout).toContain("Be kind.");
  });
});
