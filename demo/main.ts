/** `npm run demo`: reads the options, shows the story, answers Ctrl-C, and ends with the right exit code. */
import { wantsColor } from "./color.ts";
import { demo } from "./demo.ts";
import type { Show } from "./demo-event.ts";
import { forgetModelSettings } from "./environment.ts";
import { failureEvent } from "./failure.ts";
import { type DemoOptions, readOptions } from "./options.ts";
import { jsonShow } from "./show/json.ts";
import { TerminalShow } from "./show/terminal.ts";

const EXIT = { succeeded: 0, failed: 1, usage: 2 } as const;
const SIGNALS = { SIGINT: { code: 130, word: "Ctrl-C" }, SIGTERM: { code: 143, word: "SIGTERM" } } as const;

async function main(): Promise<number> {
  const read = readOptions(process.argv.slice(2), process.env);
  if (read.kind === "help") {
    process.stdout.write(read.text);
    return EXIT.succeeded;
  }
  if (read.kind === "wrong") {
    process.stderr.write(`${read.problem}\n${read.fix}\n`);
    return EXIT.usage;
  }
  const { ANTHROPIC_API_KEY: apiKey = null } = process.env;
  forgetModelSettings(process.env);
  const show = showFor(read.options);
  const interruption = listenForInterruption(show);
  try {
    const ending = await demo(read.options, { apiKey, tell: show.tell.bind(show), signal: interruption.signal });
    return ending === "interrupted" ? interruption.exitCode() : EXIT[ending];
  } catch (error) {
    if (interruption.signal.aborted) return interruption.exitCode();
    const failure = failureEvent(error);
    if (!failure) throw error;
    show.tell(failure);
    return EXIT.failed;
  } finally {
    show.end();
  }
}

interface Interruption {
  /** Aborted when the user wants to stop. */
  readonly signal: AbortSignal;
  /** That of the signal which came first, once one came. */
  exitCode(): number;
}

/** The first Ctrl-C stops the run and cleans up; the second warns; the third leaves at once. */
function listenForInterruption(show: Show): Interruption {
  const stop = new AbortController();
  let exitCode: number = EXIT.failed;
  let count = 0;
  for (const [name, { code, word }] of Object.entries(SIGNALS))
    process.on(name, () => {
      count += 1;
      if (count === 1) {
        exitCode = code;
        show.tell({ event: "progress", text: `${word}: stopping Claude and cleaning up` });
        stop.abort(new Error(`Cancelled with ${word}`));
      } else if (count === 2)
        show.tell({
          event: "note",
          text: `Still cleaning up. ${word} once more leaves at once, and leaves the run behind.`,
        });
      else process.exit(code);
    });
  return { signal: stop.signal, exitCode: () => exitCode };
}

function showFor(options: DemoOptions): Show {
  const { stdout } = process;
  const write = (text: string): void => void stdout.write(text);
  // Since this process began, so that what the user waited for is in it.
  const elapsedMs = (): number => performance.now();
  if (options.json) return jsonShow(write, elapsedMs);
  return new TerminalShow({
    write,
    elapsedMs,
    color: wantsColor(options.color, process.env, stdout.isTTY),
    columns: stdout.isTTY ? () => stdout.columns : null,
  });
}

process.exitCode = await main();
