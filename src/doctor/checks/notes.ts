import type { AdapterEnvironmentCheck } from "@paperclipai/adapter-utils";
import type { ParsedAgentConfig } from "../../config/agent-config.ts";
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
  const notes = plan.notes.filter((note) => !agent.notes.includes(note));
  const fix = "Change or remove the setting, if this is not what you want.";
  return Promise.resolve([
    info("k8s_config_valid", "The configuration is valid."),
    ...withoutEffect(agent),
    ...notes.map((note) => problem("warn", "k8s_config_note", `${note}.`, fix)),
  ]);
};

/** Keys that are no settings, and those of another adapter. */
const withoutEffect = ({ notices }: ParsedAgentConfig): AdapterEnvironmentCheck[] =>
  notices.map(({ kind, level, field, message, fix }) => ({
    code: kind === "unknown" ? "k8s_config_unknown_key" : "k8s_config_no_effect",
    level,
    message: `${field} ${message}.`,
    hint: fix,
  }));
