/** From the text of the operator's file to rules. Pure. */
import { type Document, LineCounter, parseDocument } from "yaml";
import { ConfigError } from "../config/config-error.ts";
import { withDefaults } from "./defaults.ts";
import { describeIssues, exactLineOf, type FileProblem, lineOf } from "./file-problems.ts";
import type { Policy } from "./rules.ts";
import { type PolicyFile, policySchema } from "./schema.ts";
import { requireUsable } from "./usable.ts";

/** The policy cannot be used; nothing starts under half of one. Its problems are named with their lines. */
export class PolicyError extends ConfigError {
  /** @param named the file, as the subject of a sentence */
  constructor(named: string, problems: readonly FileProblem[]) {
    super(
      problems.map((one) => ({ field: named, ...one })),
      "k8s_policy_invalid",
    );
  }
}

export interface ParsedPolicy {
  readonly policy: Policy;
  /** What the file itself says. */
  readonly file: PolicyFile;
  /** The file with its comments. */
  readonly document: Document;
  /** The line of a rule; null where the file does not have it. */
  lineOf(rule: readonly string[]): number | null;
  /** `line 3: `, or nothing. */
  at(rule: readonly string[]): string;
}

export interface PolicySource {
  readonly path: string | null;
  /** As the subject of a sentence. */
  readonly named: string;
  /** See Policy. */
  readonly ownKubeconfigs: readonly string[];
}

/** Throws PolicyError, also for an alias without its anchor, which no parser's error names. */
function readYaml(document: Document, named: string): unknown {
  try {
    const [broken] = document.errors;
    if (broken) throw broken;
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    const quotes = why?.includes("alias") ? 'Write a text that begins with * in quotes: "*". ' : "";
    const fix = `${quotes}Correct it; \`claude-k8s policy\` checks it.`;
    throw new PolicyError(named, [{ problem: `is no YAML: ${why}`, fix }]);
  }
}

/** Throws PolicyError. */
export function parsePolicy(text: string, { path, named, ownKubeconfigs }: PolicySource): ParsedPolicy {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true });
  const parsed = policySchema.safeParse(readYaml(document, named) ?? {});
  if (!parsed.success) throw new PolicyError(named, describeIssues(parsed.error.issues, document, lines));
  const policy = withDefaults(parsed.data, path, ownKubeconfigs);
  const problems = requireUsable(policy);
  if (problems.length > 0) throw new PolicyError(named, problems);
  return {
    policy,
    file: parsed.data,
    document,
    lineOf: (rule) => exactLineOf(rule, document, lines),
    at: (rule) => lineOf(rule, document, lines),
  };
}
