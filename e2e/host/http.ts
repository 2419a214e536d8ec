/** JSON over HTTP, with failures that say what was asked and what came back. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly body: unknown;

  constructor(asked: string, status: number, body: unknown) {
    super(`${asked} → ${status} ${typeof body === "string" ? body.slice(0, 500) : JSON.stringify(body).slice(0, 500)}`);
    this.status = status;
    this.body = body;
  }
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Milliseconds; a Stop may take a minute while the agent saves its session. */
const TIMEOUT_MS = 120_000;

/** Every answer, also a refusal. Rejects when there is none. */
export async function ask(method: string, url: string, body?: unknown, token?: string): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  return { status: response.status, body: parse(text) };
}

/** The body of a 2xx answer; throws HttpError for any other. */
export async function call<T>(method: string, url: string, body?: unknown): Promise<T> {
  const answer = await ask(method, url, body);
  if (answer.status >= 200 && answer.status < 300) return answer.body as T;
  throw new HttpError(`${method} ${url}`, answer.status, answer.body);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
