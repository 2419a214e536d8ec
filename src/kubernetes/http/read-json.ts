import { ApiError, type Request } from "../api-error.ts";

/** No list of runs is that large; a gateway that streams something else without end must not fill the memory. */
const MAX_BODY_BYTES = 128 * 1024 * 1024;

/**
 * Reads an answer as one JSON object. Throws ApiError `protocol` when it is none, and an Error like those of the network
 * when it broke off: over HTTP/2 an answer that was cancelled in mid-body ends as if it were whole (undici 8.12), and a
 * proxy that lost its server may end one in order.
 */
export async function readJson(body: AsyncIterable<Buffer>, request: Request): Promise<object> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new ApiError({ kind: "protocol", request, detail: `more than ${MAX_BODY_BYTES} bytes` });
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Said below; the parser's message would quote the body.
  }
  if (size === 0 || isBrokenOff(text)) throw new Error(`the answer broke off after ${size} bytes`);
  throw new ApiError({ kind: "protocol", request, detail: "no JSON object" });
}

/** True for JSON that begins as an object and has no end. */
export function isBrokenOff(text: string): boolean {
  if (!text.trimStart().startsWith("{")) return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}
