import { ApiError, type Request } from "./api-error.ts";

/** No list of runs is that large; a gateway that streams something else without end must not fill the memory. */
const MAX_BODY_BYTES = 128 * 1024 * 1024;

/** Reads an answer as one JSON object. Throws ApiError `protocol` when it is none, whatever the stream throws otherwise. */
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
  throw new ApiError({ kind: "protocol", request, detail: "no JSON object" });
}
