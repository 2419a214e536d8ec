import { deepEqual, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import { badRequest } from "../api-error.ts";
import type { Complaints } from "./errors.ts";
import { configKey } from "./formats.ts";

/** Of all values together, decoded (measured: one byte more is a 422). */
const MAX_SECRET = 1_048_576;

export function validateSecret(secret: KubeObject, complaints: Complaints): void {
  let size = 0;
  for (const [key, value] of Object.entries(plain(secret.data))) {
    validateKey("data", key, complaints);
    size += decodedSize(String(value), secret.kind);
  }
  if (size > MAX_SECRET) complaints.tooLong("data", MAX_SECRET);
}

export function validateConfigMap(map: KubeObject, complaints: Complaints): void {
  let size = 0;
  for (const [key, value] of Object.entries(plain(map.data))) {
    validateKey("data", key, complaints);
    size += Buffer.byteLength(String(value));
  }
  for (const [key, value] of Object.entries(plain(map.binaryData))) {
    validateKey("binaryData", key, complaints);
    if (key in plain(map.data))
      complaints.invalid(`data[${key}]`, "duplicate", "duplicate of key present in binaryData");
    size += decodedSize(String(value), map.kind);
  }
  if (size > MAX_SECRET) complaints.tooLong("[]", MAX_SECRET);
}

export function validateDataUpdate(object: KubeObject, old: KubeObject, complaints: Complaints): void {
  if (object.kind === "Secret") complaints.unchanged("type", old.type, object.type, object.type === old.type);
  if (old.immutable !== true) return;
  const detail = "field is immutable when `immutable` is set";
  if (object.immutable !== true) complaints.forbidden("immutable", detail);
  for (const field of ["data", "binaryData"]) {
    if (!deepEqual(plain(object[field]), plain(old[field]))) complaints.forbidden(field, detail);
  }
}

function validateKey(field: string, key: string, complaints: Complaints): void {
  const wrong = configKey(key);
  if (wrong !== undefined) complaints.invalid(`${field}[${key}]`, key, wrong);
}

function decodedSize(value: string, kind: string): number {
  const clean = value.replace(/[\r\n]/g, "");
  const bad = /[^A-Za-z0-9+/=]/.exec(clean)?.index ?? (clean.length % 4 === 0 ? undefined : clean.length);
  if (bad !== undefined) {
    throw badRequest(
      `${kind} in version "v1" cannot be handled as a ${kind}: illegal base64 data at input byte ${bad}`,
    );
  }
  return Buffer.from(clean, "base64").length;
}
