import { type Check, info, problem } from "../check.ts";

/** Is Paperclip's address one that a pod can reach? A loopback address is the pod itself. */
export const checkApiUrl: Check = ({ apiUrl }) => {
  const host = apiUrl === null ? null : (URL.parse(apiUrl)?.hostname ?? null);
  if (apiUrl !== null && host !== null && !/^(localhost|127\..*|\[::1\]|0\.0\.0\.0)$/.test(host))
    return Promise.resolve([info("k8s_api_url", `Agents are told that Paperclip is at ${apiUrl}.`)]);
  const message =
    apiUrl === null
      ? "Agents are told no address of Paperclip."
      : `Agents are told that Paperclip is at ${apiUrl}, which in a pod is the pod itself.`;
  return Promise.resolve([problem("warn", "k8s_api_url_unreachable", message, API_URL_FIX)]);
};

export const API_URL_FIX =
  "Set PAPERCLIP_K8S_API_URL in the environment of Paperclip to an address that pods reach, such as its Service.";
