import { createHash } from "node:crypto";
import type { Answer } from "../request.ts";
import { documentV2, documentV2Protobuf, V2_PROTOBUF, V2_RETURNED } from "./v2.ts";
import { documentPaths, documentV3 } from "./v3.ts";

const made = new Map<string, Uint8Array>();

/** The API's description of itself; undefined for any other path. Made at the first request, kept for the process. */
export function openApi(path: string, accept = ""): Answer | undefined {
  if (path === "/openapi/v2") {
    return accept.includes(V2_PROTOBUF)
      ? { kind: "bytes", code: 200, contentType: V2_RETURNED, bytes: once("v2 protobuf", documentV2Protobuf) }
      : json(once("v2", () => encoded(documentV2())));
  }
  if (path === "/openapi/v3") return json(once("v3", () => encoded({ paths: index() })));
  const group = documentPaths().get(path.replace(/^\/openapi\/v3\//, ""));
  return group === undefined ? undefined : json(documentOf(group));
}

function documentOf(group: string): Uint8Array {
  return once(`v3 ${group}`, () => encoded(documentV3(group)));
}

function index(): Record<string, object> {
  const entries = [...documentPaths()].map(([path, group]) => {
    const hash = createHash("sha256").update(documentOf(group)).digest("hex").toUpperCase();
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
  });
  return Object.fromEntries(entries);
}

function once(key: string, make: () => Uint8Array): Uint8Array {
  const bytes = made.get(key) ?? make();
  made.set(key, bytes);
  return bytes;
}

function encoded(document: object): Uint8Array {
  return Buffer.from(JSON.stringify(document));
}

function json(bytes: Uint8Array): Answer {
  return { kind: "bytes", code: 200, contentType: "application/json", bytes };
}
