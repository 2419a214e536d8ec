/** Policy files and agents' configurations at random. */
import fc from "fast-check";
import type { PolicyFile } from "../../../src/policy/schema.ts";

const word = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?$/);
const list = fc.array(word, { maxLength: 3 });
const bounds = fc.oneof(fc.constant({}), fc.record({ max: fc.integer({ min: 90_000, max: 9_000_000 }) }));

export const anyPolicyFile: fc.Arbitrary<PolicyFile> = fc.record(
  {
    trust: fc.constantFrom("bounded" as const, "full" as const),
    instance: word,
    home: fc.constantFrom("private" as const, "shared" as const, "none" as const),
    clusters: fc.dictionary(
      word.filter((name) => name !== "default"),
      fc.record(
        { kubeconfig: word.map((name) => `/etc/${name}`), context: word, namespaces: list },
        { requiredKeys: [] },
      ),
      { maxKeys: 2 },
    ),
    defaults: fc.record(
      { serviceAccountName: word, labels: fc.dictionary(word, word, { maxKeys: 2 }) },
      { requiredKeys: [] },
    ),
    allow: fc.record(
      { images: list, claims: list, labels: list, tolerations: list, egress: list, nodeLabels: list },
      { requiredKeys: [] },
    ),
    limits: fc.record(
      { timeoutSec: bounds, graceSec: bounds, ttlSecondsAfterFinished: bounds, retainJobs: fc.boolean() },
      { requiredKeys: [] },
    ),
    environment: list,
    podSecurity: fc.constantFrom("restricted" as const, "baseline" as const),
    podTemplate: fc.constant({ spec: { priorityClassName: "low" } }),
  },
  { requiredKeys: [] },
);

/** What an agent, or whoever may write for it, sets. */
export const anyAgentConfig = (agentId: string): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
    {
      namespace: word,
      homeClaim: fc.oneof(word, fc.constant(`claude-${agentId}`)),
      serviceAccountName: fc.oneof(word, fc.constant(`sa-${agentId}`)),
      egress: word,
      cluster: word,
      kubeconfig: fc.oneof(
        word.map((name) => `/etc/${name}.yaml`),
        fc.constantFrom("/paperclip/evil.yaml", "relative", "/etc/*", "/etc/a\u2028b", "/etc/k.yaml"),
      ),
      kubeContext: fc.oneof(word, fc.constant("arn:aws:eks:eu-west-1:1:cluster/gpu"), fc.constant("*")),
      image: fc.oneof(word, fc.constant("*"), fc.constant("a b")),
      labels: fc.dictionary(word, word, { maxKeys: 3 }),
      nodeSelector: fc.dictionary(word, word, { maxKeys: 2 }),
      tolerations: fc.array(
        fc.oneof(
          fc.record({ key: word, value: word, effect: fc.constant("NoSchedule") }),
          fc.record({ key: fc.constantFrom("", "*", "spot"), operator: fc.constant("Exists") }),
          fc.constant({ operator: "Exists" }),
        ),
        { maxLength: 2 },
      ),
      graceSec: fc.integer({ min: 0, max: 10_000 }),
      timeoutSec: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_000_000 })),
      "resources.limits.memory": fc.constantFrom("8Gi", "256Gi", "1Pi"),
      retainJobs: fc.boolean(),
    },
    { requiredKeys: [] },
  );
