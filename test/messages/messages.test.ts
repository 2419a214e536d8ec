/**
 * Every message that a user or an operator can meet, on one page for a person to read: messages.md. It is made anew by
 * `npx vitest run --project unit test/messages -u`; read what changed before you commit it.
 */
import { expect, it } from "vitest";
import { parseAgentConfig } from "../../src/config/agent-config.ts";
import { refuse } from "../../src/run/conclude/refuse.ts";
import { toExecutionResult } from "../../src/run/conclude/result.ts";
import { fixForWaiting } from "../../src/run/observe/waiting/fixes.ts";
import { describeWaiting } from "../../src/run/observe/waiting/waiting.ts";
import { CONTAINER } from "../../src/run/shared/names.ts";
import { FIXES } from "../../src/run/verdict/fixes.ts";
import { judge, VERDICT_CODES } from "../../src/run/verdict/verdict.ts";
import { evidenceOf, JOB } from "../run/support/evidence.ts";
import { ENDINGS } from "./endings.ts";
import { type Lines, notices } from "./notices.ts";
import { REFUSED } from "./refusals.ts";
import { blockedRuns, removalLines, strangerLines, waitingLines } from "./slot.ts";
import { WAITS } from "./waiting.ts";

type Result = ReturnType<typeof toExecutionResult>;

interface Message {
  readonly chapter: string;
  readonly title: string;
  /** A line about it that nobody is shown. */
  readonly about: string;
  readonly text: string;
}

function ofResult(chapter: string, title: string, result: Result): Message {
  const retried = result.errorFamily === "transient_upstream" || result.errorFamily === "provider_quota";
  const next = retried ? `Paperclip tries again (${result.errorFamily})` : "no retry by itself";
  const session = result.clearSession ? ", forgets the session" : "";
  // Without a Job the time is that of the test.
  const text = (result.errorMessage ?? "").replace(/((?:Cancelled|Detached) at) [\d-]+T[\d:.]+Z/, "$1 TIME");
  return { chapter, title, about: `\`${result.errorCode}\`, ${next}${session}`, text };
}

const endings: readonly Message[] = ENDINGS.flatMap(([chapter, list]) =>
  list.map(({ title, seen, run }) => {
    const evidence = evidenceOf(seen, run);
    return ofResult(chapter, title, toExecutionResult(judge(evidence), evidence, {}));
  }),
);

const blocked: readonly Message[] = blockedRuns().map(({ title, error }) =>
  ofResult("Another Job is in the way", title, refuse(error, undefined)),
);

const refusals: readonly Message[] = REFUSED.map(({ title, error, stop }) =>
  ofResult(
    "Nothing was started",
    title,
    refuse(error, stop === undefined ? undefined : AbortSignal.abort(new Error(stop))),
  ),
);

const waits: readonly Message[] = WAITS.map(({ title, pod, events = [] }) => {
  const { reason, message, fix, patience } = describeWaiting({ pod, job: JOB, events, container: CONTAINER });
  const text = `${[reason, message].filter(Boolean).join(": ")}\nWhat to do: ${fix ?? "wait."}`;
  return { chapter: "What a pod waits for", title, about: patience, text };
});

const linesOf = (chapter: string, { title, lines }: Lines): Message => ({
  chapter,
  title,
  about: lines.length > 1 ? "lines" : "one line",
  text: lines.join("\n"),
});

const pageOf = (messages: readonly Message[]): string => {
  const chapters = [...new Set(messages.map(({ chapter }) => chapter))];
  const of = (chapter: string) => messages.filter((message) => message.chapter === chapter);
  const block = ({ title, about, text }: Message) =>
    `### ${title}\n\n${about}\n\n${text
      .split("\n")
      .map((line) => `> ${line}`)
      .join("\n>\n")}\n`;
  const intro =
    "Made by `messages.test.ts`: every message, for a person to read. Each is what a page of Paperclip shows.";
  return `# Messages\n\n${intro}\n\n${chapters.map((chapter) => `## ${chapter}\n\n${of(chapter).map(block).join("\n")}`).join("\n")}`;
};

/** Those that end a run. */
const results: readonly Message[] = [...endings, ...refusals, ...blocked];

const all = async (): Promise<Message[]> => [
  ...results,
  ...waits,
  ...(await waitingLines()).map((lines) => linesOf("What a run waits for", lines)),
  ...removalLines().map((lines) => linesOf("What a run removes before it starts", lines)),
  ...strangerLines().map((lines) => linesOf("What the server's log says of Jobs that are left alone", lines)),
  ...(await notices()).map((lines) => linesOf("Notices of a run", lines)),
];

it("is the page that was read", async () => {
  await expect(pageOf(await all())).toMatchFileSnapshot("messages.md");
});

it("has every code that a run can end with", () => {
  const codes = results.map(({ about }) => /`(\w+)`/.exec(about)?.[1] ?? "");
  expect(VERDICT_CODES.filter((code) => !codes.includes(code))).toEqual([]);
});

it("has every fix", async () => {
  const page = (await all()).map(({ text }) => text).join("\n");
  for (const [name, fix] of Object.entries(FIXES)) expect.soft(page.includes(fix), name).toBe(true);
});

it("holds no message that is longer than a page shows, none without a fix", () => {
  for (const { text, title } of results) {
    expect.soft(text.length, title).toBeLessThanOrEqual(600);
    expect.soft(text, title).toMatch(/\nWhat to do: \S.*[.)}\w?]$/);
  }
});

/** Names that are Kubernetes' or a program's own, and no settings of an agent. */
const NOT_SETTINGS = new Set(["fsGroup", "activeDeadlineSeconds"]);
/** What the scenario of a wrong configuration has in it. */
const WRONG = "homeClam";
/** Of Claude Code, and of the operator. */
const VARIABLES = new Set([
  "ANTHROPIC_API_KEY",
  "CLAUDE_CODE_OAUTH_TOKEN",
  "IS_SANDBOX",
  "PAPERCLIP_EXECUTION_MODE",
  "PAPERCLIP_K8S_API_URL",
  "PAPERCLIP_K8S_POLICY",
  "PAPERCLIP_API_URL",
]);

it("names only settings that exist", async () => {
  const settings = Object.keys(parseAgentConfig({}).config);
  const exists = (name: string): boolean =>
    settings.some((key) => key === name || key.startsWith(`${name}.`)) || NOT_SETTINGS.has(name) || name === WRONG;
  const fixes = [
    ...Object.values(FIXES),
    ...WAITS.map(({ pod, events = [] }) => describeWaiting({ pod, job: JOB, events, container: CONTAINER }).fix ?? ""),
    ...["Suspended", "ErrImagePull", "FailedMapVolume"].map((reason) => fixForWaiting(reason) ?? ""),
    ...results.map(({ text }) => text.split("\nWhat to do: ")[1] ?? ""),
  ];
  for (const fix of fixes) {
    const names = fix.match(/\b[a-z]+(?:[A-Z][A-Za-z]*)+\b|\bresources(?:\.[a-z-]+)+/g) ?? [];
    for (const name of names) expect.soft(exists(name), `${name} in: ${fix}`).toBe(true);
    // In brackets stands the setting that a word before them means.
    for (const [, words = ""] of fix.matchAll(/\(([a-z][A-Za-z.]*)\)/g))
      expect.soft(exists(words), `${words} in: ${fix}`).toBe(true);
    for (const name of fix.match(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g) ?? []) expect.soft(VARIABLES, fix).toContain(name);
  }
});
