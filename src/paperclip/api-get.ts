/** One request to Paperclip's API, bounded in time and size. */

export interface ApiGet {
  /** Address of Paperclip's API as this process reaches it. */
  readonly url: string;
  /** With its query; begins with a slash. */
  readonly path: string;
  /** Null: none, where Paperclip trusts whoever reaches it (`local_trusted`); an empty one it refuses (2026.916.1). */
  readonly token: string | null;
  /** Milliseconds until the whole answer is there. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export type ApiAnswer =
  /** `body`: the parsed JSON; undefined = it is none, such as a proxy's page. */
  | { readonly kind: "answered"; readonly status: number; readonly body: unknown }
  | { readonly kind: "failed"; readonly why: string };

/** A record holds the whole result and the context of a run. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Never rejects: what cannot be read is a value. */
export function getFromApi(get: ApiGet): Promise<ApiAnswer> {
  return ask(get, {}, {});
}

/** Never rejects. It may have had its effect although no answer came. */
export function postToApi(post: ApiGet, body: object): Promise<ApiAnswer> {
  return ask(post, { "content-type": "application/json" }, { method: "POST", body: JSON.stringify(body) });
}

async function ask(
  { url, path, token, timeoutMs, signal }: ApiGet,
  headers: Record<string, string>,
  more: Pick<RequestInit, "method" | "body">,
): Promise<ApiAnswer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  try {
    const response = await fetch(new URL(path, url), {
      ...more,
      headers: { accept: "application/json", ...headers, ...authorization },
      signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
      // A redirect would lead the token elsewhere.
      redirect: "manual",
    });
    return { kind: "answered", status: response.status, body: parse(await readBounded(response)) };
  } catch (error) {
    return { kind: "failed", why: timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error) };
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`the answer is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch hides what happened in `cause`. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error)
    return "code" in cause ? `${cause.message || "no connection"} (${cause.code})` : cause.message;
  return error instanceof Error ? error.message : String(error);
}
