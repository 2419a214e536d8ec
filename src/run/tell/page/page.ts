/** What of a run's stdout its page shows, and where the rest is. */
import { transcriptFile } from "../../../paperclip/kept-files.ts";
import type { Dependencies } from "../../shared/dependencies.ts";
import { choosePageForm } from "./page-form.ts";

export type Page =
  /** The agent's own lines. */
  | { readonly form: "stream-json" }
  | {
      readonly form: "text";
      /** Path of the agent's own lines. */
      readonly file: string;
      /** The file has lines of an earlier pod of the run, behind which these come. @default false */
      readonly goesOn?: boolean;
      /** The command that prints them, where the text leaves something out. */
      readonly command: string;
    };

/** Rejects with ConfigError when the operator's setting is none. */
export async function planPage(
  runId: string,
  { env, mainModule }: Pick<Dependencies, "env" | "mainModule">,
): Promise<Page> {
  if ((await choosePageForm(env, mainModule)) === "stream-json") return { form: "stream-json" };
  return { form: "text", file: transcriptFile(env, runId), command: `claude-k8s transcript ${shortName(runId)}` };
}

/** Paperclip's pages name a run by the first eight characters of its id. */
const shortName = (runId: string): string => (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(runId) ? runId.slice(0, 8) : runId);
