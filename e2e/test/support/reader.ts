/** Whoever follows a tutorial: a terminal whose words are this stage's, and whose Paperclip is run under the policy it writes. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { blocksFor, type CommandBlock } from "../../../test/docs/support/commands.ts";
import { Shell } from "../../../test/docs/support/shell.ts";
import type { Json } from "../../host/records.ts";
import type { Registry } from "../../host/registry.ts";
import { modelEnvironment, type Stage } from "../../stage/stage.ts";

interface Policy extends Json {
  readonly clusters: { readonly default: { readonly kubeconfig: string } };
}

/** Variables of every agent: the tutorial's agent knows of no scripted model, only of a key. */
export const modelOfEveryAgent = (url: string): Json => ({
  spec: {
    containers: [
      {
        name: "claude",
        env: Object.entries(modelEnvironment(url)).flatMap(([name, entry]) =>
          name === "ANTHROPIC_API_KEY" ? [] : [{ name, value: (entry as { value: string }).value }],
        ),
      },
    ],
  },
});

/** On the machine of the stage's Paperclip, with an administrator's ~/.kube/config and the package in the registry. */
export async function openReader(stage: Stage, registry: Registry): Promise<Shell> {
  const { devcluster, image } = stage.cluster;
  if (!devcluster) throw new Error("the tutorials are followed on a devcluster");
  const { url, port } = stage.server;
  const terminal = await Shell.open({
    env: { npm_config_registry: registry.url, PAPERCLIP_API_URL: url },
    // Where the package puts its command; what is installed globally stays in the terminal's folder.
    programs: {
      npm: 'npm_config_prefix="$HOME/global" exec "$(which -a npm | sed -n 2p)" "$@"',
      "claude-k8s": 'exec "$HOME/global/bin/claude-k8s" "$@"',
    },
    words: {
      "3100": String(port),
      ADDRESS: "127.0.0.1",
      AGENT_IMAGE: image,
      "claude-agent:dev": image,
      YOUR_KEY: "none",
    },
  });
  const kubeconfig = join(terminal.folder, ".home/.kube/config");
  await mkdir(dirname(kubeconfig));
  await writeFile(kubeconfig, devcluster.kubeconfig, { mode: 0o600 });
  return terminal;
}

/** The blocks of the page, one after the other; once one has written a policy, Paperclip is under it too. */
export async function follow(stage: Stage, terminal: Shell, page: string): Promise<readonly string[]> {
  const said: string[] = [];
  for (const block of blocksFor("e2e/test/install.test.ts", page)) {
    said.push(await terminal.run(block));
    if (writesPolicy(block)) await layDownPolicy(stage, join(terminal.folder, "policy.yaml"));
  }
  return said;
}

const writesPolicy = ({ text }: CommandBlock): boolean => text.includes("> policy.yaml <<");

async function layDownPolicy(stage: Stage, file: string): Promise<void> {
  const policy = parse(await readFile(file, "utf8")) as Policy;
  const { kubeconfig, ...cluster } = policy.clusters.default;
  // Paperclip may be another user than the reader.
  const kept = await stage.operator.keepKubeconfig(await readFile(kubeconfig, "utf8"));
  const podTemplate = modelOfEveryAgent(stage.modelUrl);
  await stage.operator.layDown({ ...policy, clusters: { default: { ...cluster, kubeconfig: kept } }, podTemplate });
}
