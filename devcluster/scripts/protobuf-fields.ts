/**
 * Writes src/api/protobuf/fields.generated.ts from a kubectl binary: Go programs carry the descriptors of their
 * protocol buffers, gzipped, and nothing on npm has the field numbers of the Kubernetes API.
 *
 *   node devcluster/scripts/protobuf-fields.ts /usr/bin/kubectl
 */
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { type WireField, wireFields } from "../src/api/protobuf/wire.ts";

/** What a client may send; everything they use comes along. */
const ROOTS = [
  "api.batch.v1.Job",
  "api.core.v1.ConfigMap",
  "api.core.v1.Event",
  "api.core.v1.Namespace",
  "api.core.v1.PersistentVolumeClaim",
  "api.core.v1.Pod",
  "api.core.v1.Secret",
  "api.core.v1.ServiceAccount",
  "api.coordination.v1.Lease",
  "api.events.v1.Event",
  "api.policy.v1.Eviction",
  "api.rbac.v1.ClusterRole",
  "api.rbac.v1.ClusterRoleBinding",
  "api.rbac.v1.Role",
  "api.rbac.v1.RoleBinding",
  "api.authentication.v1.SelfSubjectReview",
  "api.authentication.v1.TokenRequest",
  "api.authorization.v1.SelfSubjectAccessReview",
  "api.authorization.v1.SelfSubjectRulesReview",
  "apimachinery.pkg.apis.meta.v1.DeleteOptions",
];
/** What only the server writes. */
const LEFT_OUT = new Set(["managedFields", "status"]);
const TYPES: Readonly<Record<number, string>> = {
  3: "int",
  5: "int",
  8: "bool",
  9: "string",
  12: "bytes",
  1: "double",
};
const PREFIX = "k8s.io.";

type Messages = Map<string, { name: string; number: number; type: string; repeated: boolean }[]>;

const text = (fields: readonly WireField[], number: number): string =>
  Buffer.from((fields.find((field) => field.number === number)?.value as Uint8Array | undefined) ?? []).toString();
const integer = (fields: readonly WireField[], number: number): number =>
  Number(fields.find((field) => field.number === number)?.value ?? 0);
const children = (fields: readonly WireField[], number: number): WireField[][] =>
  fields.filter((field) => field.number === number).map(({ value }) => [...wireFields(value as Uint8Array)]);

function addMessage(fields: readonly WireField[], scope: string, out: Messages): void {
  const name = `${scope}.${text(fields, 1)}`;
  for (const nested of children(fields, 3)) addMessage(nested, name, out);
  const described = children(fields, 2).map((field) => ({
    name: text(field, 1),
    number: integer(field, 3),
    type: TYPES[integer(field, 5)] ?? text(field, 6).slice(1 + PREFIX.length),
    repeated: integer(field, 4) === 3,
  }));
  out.set(name.slice(PREFIX.length), described);
}

function messagesIn(binary: Buffer): Messages {
  const out: Messages = new Map();
  const magic = Buffer.from([0x1f, 0x8b, 0x08]);
  for (let at = binary.indexOf(magic); at !== -1; at = binary.indexOf(magic, at + 1)) {
    try {
      const file = [...wireFields(gunzipSync(binary.subarray(at, at + 2 ** 20)))];
      if (!text(file, 1).startsWith("k8s.io/")) continue;
      for (const message of children(file, 4)) addMessage(message, text(file, 2), out);
    } catch {
      // Not every gzip header in a program starts a descriptor.
    }
  }
  return out;
}

const [, , path = "/usr/bin/kubectl"] = process.argv;
const messages = messagesIn(readFileSync(path));
const wanted = new Set(ROOTS);
for (const name of wanted) {
  for (const { name: field, type } of messages.get(name) ?? []) {
    if (messages.has(type) && !LEFT_OUT.has(field)) wanted.add(type);
  }
}
const lines = [...wanted].sort().map((name) => {
  const fields = (messages.get(name) ?? []).filter((field) => !LEFT_OUT.has(field.name));
  return `${name} ${fields.map((it) => `${it.number}:${it.name}:${it.type}${it.repeated ? "*" : ""}`).join(" ")}`.trim();
});
const target = new URL("../src/api/protobuf/fields.generated.ts", import.meta.url);
const head =
  "/** Made by scripts/protobuf-fields.ts. One message a line: its name, then number:field:type, * for repeated. */";
writeFileSync(target, `${head}\nexport const FIELDS = \`\n${lines.join("\n")}\n\`;\n`);
