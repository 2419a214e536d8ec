import type { Plain } from "../../store/plain.ts";
import { ApiError, badRequest } from "../api-error.ts";
import { FIELDS } from "./fields.generated.ts";
import { type WireField, wireFields } from "./wire.ts";

/** kubectl sends it for what it makes itself (`create job`, `auth can-i`); it takes JSON for an answer. */
export const PROTOBUF = "application/vnd.kubernetes.protobuf";

const MAGIC = Buffer.from("k8s\0");
/** Messages whose fields JSON has in the parent. */
const INLINE: ReadonlySet<string> = new Set([
  "ephemeralContainerCommon",
  "handler",
  "localObjectReference",
  "persistentVolumeSource",
  "volumeSource",
]);

/** Fields of numbers and booleans that are no pointers in Go: a zero there means nothing was set. */
const NO_POINTERS: ReadonlySet<string> = new Set([
  "count",
  "generation",
  "hostIPC",
  "hostNetwork",
  "hostPID",
  "hostPort",
  "readOnly",
  "stdin",
  "stdinOnce",
  "tty",
]);

interface Field {
  readonly name: string;
  readonly type: string;
  readonly repeated: boolean;
}

const messages = new Map(
  FIELDS.trim()
    .split("\n")
    .map((line) => {
      const [name = "", ...fields] = line.split(" ");
      return [name, new Map(fields.map(parseField))] as const;
    }),
);

function parseField(text: string): [number, Field] {
  const [number, name = "", type = ""] = text.split(":");
  return [Number(number), { name, type: type.replace("*", ""), repeated: type.endsWith("*") }];
}

/** The object that JSON would have had. Throws 400 for what is no such body, 415 for a kind without field numbers. */
export function decodeProtobuf(body: Uint8Array): Plain {
  if (!MAGIC.equals(body.subarray(0, MAGIC.length))) {
    throw badRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  }
  try {
    const envelope = [...wireFields(body.subarray(MAGIC.length))];
    const type = [...wireFields(bytesOf(envelope, 1))];
    const apiVersion = Buffer.from(bytesOf(type, 1)).toString();
    const kind = Buffer.from(bytesOf(type, 2)).toString();
    return { apiVersion, kind, ...decodeMessage(messageOf(apiVersion, kind), bytesOf(envelope, 2)) };
  } catch (error) {
    if (error instanceof RangeError) throw badRequest(error.message);
    throw error;
  }
}

function bytesOf(fields: readonly WireField[], number: number): Uint8Array {
  const value = fields.find((field) => field.number === number)?.value;
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function messageOf(apiVersion: string, kind: string): string {
  if (kind === "DeleteOptions") return "apimachinery.pkg.apis.meta.v1.DeleteOptions";
  const [group = "", version] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
  const name = `api.${group.split(".")[0]}.${version}.${kind}`;
  if (messages.has(name)) return name;
  throw new ApiError(415, "UnsupportedMediaType", `the devcluster reads ${kind} of ${apiVersion} as JSON only`);
}

function decodeMessage(name: string, bytes: Uint8Array): Plain {
  const out: Plain = {};
  const fields = messages.get(name);
  for (const { number, value } of wireFields(bytes)) {
    const field = fields?.get(number);
    if (field === undefined) continue;
    if (field.repeated) addRepeated(out, field, value);
    else if (INLINE.has(field.name)) Object.assign(out, decodeMessage(field.type, value as Uint8Array));
    else {
      const decoded = decodeValue(field.type, value);
      if (!isUnset(field.name, decoded)) out[field.name] = decoded;
    }
  }
  return out;
}

/** Go writes the zero of whatever is no pointer; JSON leaves it out. */
function isUnset(name: string, value: unknown): boolean {
  return value === "" || value === undefined || (NO_POINTERS.has(name) && (value === 0 || value === false));
}

function addRepeated(out: Plain, { name, type }: Field, value: WireField["value"]): void {
  if (!type.endsWith("Entry")) {
    const items = Array.isArray(out[name]) ? out[name] : [];
    out[name] = [...items, decodeValue(type, value)];
    return;
  }
  const entry = messages.get(type);
  const pair = [...wireFields(value as Uint8Array)];
  const valueType = entry?.get(2)?.type ?? "string";
  const held = pair.find((field) => field.number === 2)?.value ?? new Uint8Array();
  const map = typeof out[name] === "object" ? out[name] : {};
  out[name] = { ...map, [Buffer.from(bytesOf(pair, 1)).toString()]: decodeValue(valueType, held) };
}

function decodeValue(type: string, value: WireField["value"]): unknown {
  if (!(value instanceof Uint8Array)) {
    return type === "bool" ? value !== 0n : Number(BigInt.asIntN(64, value));
  }
  switch (type) {
    case "string":
      return Buffer.from(value).toString();
    case "bytes":
      return Buffer.from(value).toString("base64");
    case "apimachinery.pkg.api.resource.Quantity":
      return Buffer.from(bytesOf([...wireFields(value)], 1)).toString();
    case "apimachinery.pkg.apis.meta.v1.Time":
      return time(value, 0);
    case "apimachinery.pkg.apis.meta.v1.MicroTime":
      return time(value, 6);
    case "apimachinery.pkg.util.intstr.IntOrString": {
      const { type: isText = 0, intVal = 0, strVal = "" } = decodeMessage(type, value);
      return isText === 0 ? intVal : strVal;
    }
    default:
      return decodeMessage(type, value);
  }
}

/** Undefined for Go's zero time, which is written as nothing. */
function time(bytes: Uint8Array, digits: 0 | 6): string | undefined {
  const fields = [...wireFields(bytes)];
  const [seconds, nanos] = [1, 2].map((number) => Number(fields.find((field) => field.number === number)?.value ?? 0));
  if (seconds === undefined || seconds === 0) return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return digits === 0 ? `${whole}Z` : `${whole}.${String(Math.floor((nanos ?? 0) / 1000)).padStart(6, "0")}Z`;
}
