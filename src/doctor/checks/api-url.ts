import { type Check, info, problem } from "../check.ts";

/** Is Paperclip's address one that a pod can reach? A loopback address is the pod itself. */
export const checkApiUrl: Check = ({ apiUrl }) => {
  const host = apiUrl === null ? null : (URL.parse(apiUrl)?.hostname ?? null);
  if (apiUrl !== null && host !== null && !/^(localhost|127\..*|\[::1\]|0\.0\.0\.0)$/.test(host))
    return Promise.resolve([info("k8s_api_url", `Agents reach Paperclip at ${apiUrl}.`)]);
  return Promise.resolve([
    problem(
      "warn",
      "k8s_api_url_unreachable",
      `Agents are told that Paperclip is at ${apiUrl ?? "no address"}, which in a pod is the pod itself.`,
      "Set PAPERCLIP_K8S_API_URL in the environment of Paperclip to an address that pods reach, such as its Service.",
    ),
  ]);
};
