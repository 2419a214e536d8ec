/** How the agent's project comes into its pod. */
import { z } from "zod";
import { field, text, toggle, wholeNumber } from "./field.ts";

/** Folders of a repository, as words or as a list. */
const folders = z.preprocess(
  (value) => (typeof value === "string" ? value.split(/[\s,]+/).filter(Boolean) : value),
  z
    .array(
      text.max(1024).refine((path) => !/^[-/!]|(^|\/)\.\.(\/|$)|[\n\0*?[\\]/.test(path), {
        error: "has something that is no folder of a repository",
      }),
      { error: "is not a list of folders" },
    )
    .max(200),
);

export const workspaceFields = {
  gitDepth: field<number>({
    label: "Clone: commits (0 = all)",
    control: "number",
    hint: "Of a clone, how many commits of the branch's history are fetched. Default: 0 = all of it, with all branches.",
    value: wholeNumber(0),
    default: 0,
  }),
  gitSubmodules: field<boolean>({
    label: "Clone: submodules",
    control: "toggle",
    hint: "Fetches a clone's submodules too, also theirs. Only http, https, ssh and git addresses. Default: off.",
    value: toggle,
    default: false,
  }),
  gitLfs: field<boolean>({
    label: "Clone: large files",
    control: "toggle",
    hint: "Fetches a clone's files of Git LFS, where the image has git-lfs; else their pointers stand in their place, and the run's log says so. Default: on.",
    value: toggle,
    default: true,
  }),
  gitSparse: field<string[]>({
    label: "Clone: folders (empty = all)",
    control: "text",
    hint: "The folders of the repository that a clone has, such as `services/api libs`, beside the files of its root. What is left out is not fetched either, where the server can leave it out. Default: all.",
    value: folders as unknown as z.ZodType<string[]>,
    default: [],
  }),
  gitSaveUnfinished: field<boolean>({
    label: "Clone: push what is unfinished",
    control: "toggle",
    hint: "Pushes what the agent has not committed or not pushed when its run ends to the branch paperclip/RUN of the repository, where the clone goes with the pod. All files that git does not ignore go there. Default: off = the run's result only names it.",
    value: toggle,
    default: false,
  }),
  checkoutTimeoutSec: field<number>({
    label: "Clone: timeout (seconds)",
    control: "number",
    hint: "Seconds that a clone may take, or the fetching of one that is there, before the run is given up. Default: 1800.",
    value: wholeNumber(1),
    default: 1800,
  }),
  setup: field<string | null>({
    label: "Setup commands",
    control: "textarea",
    hint: "Commands for sh that run in the working directory before the agent, at each run, such as `npm ci`. The first that fails ends the run. What they print is in the run's log, marked with `setup:`. Default: none.",
    value: text.max(65_536),
    default: null,
  }),
  setupTimeoutSec: field<number>({
    label: "Setup timeout (seconds)",
    control: "number",
    hint: "Seconds that the setup commands may take. Default: 900.",
    value: wholeNumber(1),
    default: 900,
  }),
} as const;
