/**
 * Pod templates of every field that the API's description knows, with values that are mostly plausible: what an operator or
 * an agent may write, right or wrong.
 */
import fc from "fast-check";
import { TYPES } from "../../src/config/pod-template/types.generated.ts";

/** By field; whatever is not here gets any text or number. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  name: ["claude", "side", "setup", "home", "scratch", "data", "cfg", "A", "a b", "x".repeat(64)],
  image: ["busybox:1", "", " x"],
  imagePullPolicy: ["Always", "IfNotPresent", "Sometimes"],
  restartPolicy: ["Always", "Never", "OnFailure"],
  terminationMessagePolicy: ["File", "FallbackToLogsOnError", "None"],
  dnsPolicy: ["ClusterFirst", "None", "Default", "Other"],
  operator: ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Equal"],
  effect: ["NoSchedule", "NoExecute", "Never"],
  whenUnsatisfiable: ["DoNotSchedule", "ScheduleAnyway", "Maybe"],
  topologyKey: ["kubernetes.io/hostname", "zone", "a b"],
  type: ["RuntimeDefault", "Localhost", "Unconfined", "container_t", ""],
  mountPath: ["/data", "/x", "/run/claude-k8s", "/a:b", ""],
  subPath: ["a/b", "/a", "../a"],
  path: ["a", "a/b", "/a", "..", ""],
  key: ["a", "app", "a/b", "a b", "..", "x".repeat(64)],
  fieldPath: ["metadata.name", "metadata.labels", "metadata.labels['a']", "status.podIP", "spec.x"],
  resource: ["limits.cpu", "requests.memory", "limits.x"],
  ip: ["10.0.0.1", "::1", "300.1.1.1", "a"],
  protocol: ["TCP", "UDP", "HTTP"],
  medium: ["", "Memory", "HugePages", "Disk"],
  claimName: ["data", "Data"],
  secretName: ["a", "A b"],
  priorityClassName: ["", "High Priority"],
  runtimeClassName: ["a_b"],
  serviceAccountName: ["default", "A"],
  mountPropagation: ["None", "HostToContainer", "Bidirectional"],
  scheme: ["HTTP", "FTP"],
  port: ["http", "80x", ""],
  driver: ["csi.example.com", "a/b"],
  fsGroupChangePolicy: ["OnRootMismatch", "Never"],
  supplementalGroupsPolicy: ["Strict", "Loose"],
};
const ANY_TEXT = ["a", "a.b", "example.com/a", "A", "", "a b", "-", "1"];
const NUMBERS = [0, 1, 2, 80, 1000, 65_535, -1, 70_000, 2 ** 31];
const QUANTITIES = ["1", "500m", "1Gi", "20Gi", "0.5", "-1", "1 Gi", "1e3", "9Ei"];
const RESOURCES = ["cpu", "memory", "ephemeral-storage", "nvidia.com/gpu", "hugepages-2Mi", "gpu", "storage", "a/b/c"];
const KEYS = ["a", "example.com/a", "a b", "-", "paperclip.io/x", "karpenter.sh/do-not-disrupt", "__proto__"];

const DEEPEST = 7;

export const arbitraryTemplate: fc.Arbitrary<unknown> = ofType("PodTemplateSpec", "", 0);

function ofDeclared(declared: string, field: string, depth: number): fc.Arbitrary<unknown> {
  const type = declared.replace("!", "");
  if (type.endsWith("[]")) return fc.array(ofDeclared(type.slice(0, -2), field, depth), { maxLength: 2 });
  if (type.endsWith("{}")) {
    const keys = field === "limits" || field === "requests" ? RESOURCES : KEYS;
    return fc.dictionary(fc.constantFrom(...keys), ofDeclared(type.slice(0, -2), field, depth), { maxKeys: 2 });
  }
  if (Object.hasOwn(TYPES, type)) return depth > DEEPEST ? fc.constant({}) : ofType(type, field, depth + 1);
  const wrongly: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(null, true, 5, "a", [], {});
  return fc.oneof({ weight: 40, arbitrary: scalar(type, field) }, { weight: 1, arbitrary: wrongly });
}

function scalar(type: string, field: string): fc.Arbitrary<unknown> {
  if (type === "boolean") return fc.boolean();
  if (type === "int32" || type === "int64") return fc.constantFrom(...NUMBERS);
  if (type === "quantity") return fc.constantFrom(...QUANTITIES);
  const texts = TEXTS[field] ?? ANY_TEXT;
  // The first ones are right more often than not.
  const likely = fc.constantFrom(...texts.slice(0, Math.ceil(texts.length / 2)));
  const any = fc.constantFrom(...texts);
  if (type === "int-or-string") return fc.oneof(any, fc.constantFrom(...NUMBERS));
  return fc.oneof({ weight: 3, arbitrary: likely }, { weight: 1, arbitrary: any });
}

/** Some fields of a type: those that must be there mostly are, and of the others one or two. */
function ofType(type: string, _field: string, depth: number): fc.Arbitrary<unknown> {
  const fields = Object.entries(TYPES[type] ?? {});
  const required = fields.filter(
    ([name, declared]) => declared.endsWith("!") || (type === "Container" && name === "image"),
  );
  const others = fields.filter((field) => !required.includes(field));
  const some = others.length === 0 ? fc.constant([]) : fc.subarray(others, { maxLength: Math.min(2, others.length) });
  return fc.tuple(some, fc.integer({ min: 0, max: 19 })).chain(([more, luck]) => {
    const chosen = [...(luck === 0 ? [] : required), ...more];
    return fc.record(
      Object.fromEntries(chosen.map(([name, declared]) => [name, ofDeclared(declared, name, depth)] as const)),
    );
  });
}
