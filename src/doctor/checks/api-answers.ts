import { info, type PodCheck, problem } from "../check.ts";
import { API_URL_FIX } from "./api-url.ts";

/** Does Paperclip answer at the address that agents are told, from within a pod? */
export const checkApiAnswers: PodCheck = ({ probe: { facts }, apiUrl }) => {
  if (!facts || apiUrl === null) return [];
  const { apiProgram, apiStatus, apiProblem } = facts;
  if (apiProgram === null)
    return [
      info(
        "k8s_api_url_unasked",
        `Whether a pod reaches ${apiUrl} was not tried: the image has no curl, node or wget.`,
      ),
    ];
  if (apiStatus === null) {
    const why = apiProblem ?? "no answer";
    return [
      problem(
        "warn",
        "k8s_api_url_no_answer",
        `From the pod, Paperclip does not answer at ${apiUrl}: ${why}.`,
        API_URL_FIX,
      ),
    ];
  }
  if (/^2/.test(apiStatus)) return [info("k8s_api_url_answers", `From the pod, Paperclip answers at ${apiUrl}.`)];
  const message = `From the pod, ${apiUrl} answers with HTTP ${apiStatus} to Paperclip's health check.`;
  return [problem("warn", "k8s_api_url_wrong_answer", message, API_URL_FIX)];
};
