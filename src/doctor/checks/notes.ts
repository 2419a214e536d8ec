import { ConfigError } from "../../config/config-error.ts";
import { type Check, info, problem } from "../check.ts";

/** Is every setting one that can be used, and does each have the effect that one would think? */
export const checkNotes: Check = ({ agent, plan }) => {
  if (plan instanceof ConfigError)
    return Promise.resolve(
      plan.problems
        // The image has a check of its own.
        .filter(({ field }) => field !== "image")
        .map(({ field, problem: what, fix }) => problem("error", plan.code, `${field} ${what}.`, fix)),
    );
  const notes = new Set([...agent.notes, ...plan.notes]);
  const fix = "Change or remove the setting, if this is not what you want.";
  const valid = info("k8s_config_valid", "The configuration is valid.");
  return Promise.resolve([valid, ...[...notes].map((note) => problem("warn", "k8s_config_note", `${note}.`, fix))]);
};
