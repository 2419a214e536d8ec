/** Reads the agents of this Paperclip, and makes of them the policy under which they go on. */
import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { clean } from "../../format/clean.ts";
import { type as ADAPTER_TYPE } from "../../identity.ts";
import { type AgentList, type ListedAgent, listAgents } from "../../paperclip/agent-list.ts";
import { paperclipHome } from "../../paperclip/kept-files.ts";
import { parsePolicy } from "../../policy/parse-policy.ts";
import { ownKubeconfigsOf } from "../../policy/read-policy.ts";
import type { KubeconfigSeen } from "../../policy/suggest/meaning.ts";
import { MARK, printSuggestion } from "../../policy/suggest/print-suggestion.ts";
import {
  type Candidate,
  refusalsIn,
  type SuggestInput,
  type Suggestion,
  suggest,
} from "../../policy/suggest/suggest.ts";
import { podLines } from "./config-map.ts";
import { lookAtKubeconfig } from "./look-at-kubeconfigs.ts";
import type { PresentPolicy } from "./read-present.ts";

export interface SuggestRequest {
  readonly url: string;
  readonly token: string | null;
  readonly present: PresentPolicy;
  /** Paperclip's own kubeconfig; null: that of the environment. */
  readonly kubeconfig: string | null;
  /** Paperclip's own namespace; null: as its pod has it. */
  readonly namespace: string | null;
  readonly env: NodeJS.ProcessEnv;
}

export type SuggestedPolicy =
  | {
      readonly kind: "suggested";
      /** A policy file with comments. */
      readonly text: string;
      /** Lines for whoever ran the command. */
      readonly said: readonly string[];
      /** Agents that no policy lets go on. */
      readonly leftOut: number;
    }
  | Extract<AgentList, { kind: "failed" }>;

export async function suggestPolicy(request: SuggestRequest): Promise<SuggestedPolicy> {
  const { url, token, present, env } = request;
  const list = await listAgents({ url, token, adapterType: ADAPTER_TYPE });
  if (list.kind === "failed") return list;
  const hidden = list.agents.filter(({ config }) => holdsRedacted(config));
  const input: SuggestInput = {
    candidates: list.agents.map(candidateOf),
    file: present.parsed?.file ?? {},
    ownKubeconfigs: request.kubeconfig === null ? ownKubeconfigsOf(env) : [request.kubeconfig],
    ownNamespace: request.namespace ?? (await podNamespace(env)),
    home: paperclipHome(env),
    clusterNames,
  };
  const suggestion = suggest(input);
  const seen = await seenKubeconfigs(suggestion);
  const unread = [...list.unread, ...hidden.map((agent) => `${labelOf(agent)} (${REDACTED})`)];
  const head = headOf(list.agents, list.companies, suggestion, { ...request, unread });
  const document = present.parsed?.document ?? null;
  const text = printSuggestion(suggestion, { document, head, seen: (path) => seen.get(path) ?? UNSEEN });
  requireTrue(text, suggestion, input);
  const marked = text.split("\n").filter((line) => line.includes(`# ${MARK}`)).length;
  const said = [
    ...unread.map((what) => `Not read: ${what}.`),
    ...(marked === 0 ? [] : [`${count(marked, "rule is", "rules are")} marked ${MARK}: read these first.`]),
  ];
  return { kind: "suggested", text, said, leftOut: suggestion.leftOut.length };
}

const UNSEEN: KubeconfigSeen = { kind: "unseen", why: "it is not there" };
/** Paperclip's answers have this in the place of what looks like a credential to it; `a.b.c` does (2026.916.1). */
const HIDDEN = "***REDACTED***";
const REDACTED = "Paperclip hides a value of its configuration; look at it yourself";

/** Its own environment has no rule. */
const holdsRedacted = ({ env: _, ...config }: Readonly<Record<string, unknown>>): boolean =>
  JSON.stringify(config).includes(HIDDEN);

const candidateOf = (agent: ListedAgent): Candidate => ({
  companyId: agent.companyId,
  agentId: agent.agentId,
  label: labelOf(agent),
  task: agent.task,
  config: agent.config,
});

const labelOf = ({ name, company, task }: ListedAgent): string =>
  `${short(name)} (${short(company)}${task === null ? "" : `, task ${short(task)}`})`;

/** Agents choose their names: of one line, and of no control characters. */
function short(name: string): string {
  const line = clean(name)
    .replaceAll(/[\s\p{C}\p{Z}]+/gu, " ")
    .trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

function clusterNames(kubeconfig: string | null, context: string | null): string[] {
  const file = kubeconfig === null ? "" : basename(kubeconfig, extname(kubeconfig));
  const names = [context ?? "", file, context && file ? `${file}-${context}` : ""];
  return names.filter((name) => !["", "config", "kubeconfig", "default"].includes(name));
}

async function seenKubeconfigs({ rules }: Suggestion): Promise<ReadonlyMap<string, KubeconfigSeen>> {
  const paths = rules.flatMap(({ grant: { path, value } }) =>
    path[0] === "clusters" && path.length === 2 ? [(value as { kubeconfig?: string }).kubeconfig ?? ""] : [],
  );
  const found = paths.filter(Boolean).map(async (path) => [path, await lookAtKubeconfig(path)] as const);
  return new Map(await Promise.all(found));
}

const SERVICE_ACCOUNT_NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

async function podNamespace(env: NodeJS.ProcessEnv): Promise<string | null> {
  const named = env.PAPERCLIP_NAMESPACE?.trim() || env.POD_NAMESPACE?.trim();
  if (named) return named;
  const mounted = await readFile(SERVICE_ACCOUNT_NAMESPACE, "utf8").catch(() => "");
  return mounted.trim() || null;
}

function headOf(
  agents: readonly ListedAgent[],
  companies: number,
  { rules, leftOut }: Suggestion,
  { url, present, unread }: SuggestRequest & { readonly unread: readonly string[] },
): readonly string[] {
  const own = agents.filter(({ task }) => task === null).length;
  const tasks = agents.length - own;
  const from = `${count(own, "agent")} of type ${ADAPTER_TYPE} in ${count(companies, "company", "companies")} at ${url}`;
  const overrides = tasks === 0 ? "" : ` and ${count(tasks, "open task")} with a configuration of their own`;
  const beyond = present.parsed ? "beyond the policy of now, which is kept" : "beyond the defaults";
  const onWhom = leftOut.length === 0 ? "all of them" : "all but those below";
  return [
    " yaml-language-server: $schema=https://unpkg.com/paperclip-adapter-claude-k8s/dist/policy.schema.json",
    "",
    `Made by \`claude-k8s policy suggest\` from ${from}${overrides}: ${count(rules.length, "rule")} ${beyond}. Under it ${onWhom} go on as they are configured.`,
    "",
    "Agents can have written their configuration themselves. Read each rule, and take out what you would not have allowed: a run beyond the policy is refused, and says which line is missing.",
    ...(unread.length > 0
      ? ["", "Not read, so that a rule may be missing:", ...unread.map((what) => `- ${what}`)]
      : []),
    "",
    "To apply it: a ConfigMap (--configmap prints one) or a file that only you can write, outside of Paperclip's home; then in Paperclip's pod:",
    "",
    ...podLines,
  ];
}

const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`;

/** What is printed is the policy that was checked, and lets those go on. Throws where it is not: a bug. */
function requireTrue(text: string, { leftOut }: Suggestion, input: SuggestInput): void {
  const { file } = parsePolicy(text, {
    path: null,
    named: "The suggested policy",
    ownKubeconfigs: input.ownKubeconfigs,
  });
  const left = new Set(leftOut.map(({ agent }) => agent));
  for (const candidate of input.candidates)
    if (!left.has(candidate) && refusalsIn(candidate, file, input).length > 0)
      throw new Error(`the suggested policy would refuse ${candidate.label}`);
}
