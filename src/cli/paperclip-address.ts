/** How a command reaches Paperclip itself. */
import { UsageError } from "./command-error.ts";

export interface PaperclipAddress {
  readonly url: string;
  /** A board API key; null where Paperclip asks for none, or the operator has none. */
  readonly token: string | null;
}

export const DEFAULT_URL = "http://127.0.0.1:3100";

/** Throws UsageError. */
export function addressOf(
  values: { readonly "api-url"?: string | undefined; readonly token?: string | undefined },
  env: NodeJS.ProcessEnv,
): PaperclipAddress {
  const url = values["api-url"] ?? env.PAPERCLIP_API_URL ?? DEFAULT_URL;
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw new UsageError(`${url} is no http address.`, "Name Paperclip's with --api-url URL.");
  return { url: url.replace(/\/+$/, ""), token: values.token ?? env.PAPERCLIP_API_KEY ?? null };
}
