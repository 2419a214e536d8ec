/** `npm run demo`: reads the options, shows the story, and ends with the right exit code. */
import { wantsColor } from "../src/cli/terminal/color.ts";
import { demo } from "./demo.ts";
import type { Show } from "./demo-event.ts";
import { forgetModelSettings } from "./environment.ts";
import { failureEvent } from "./failure.ts";
import { listenForInterruption } from "./interruption.ts";
import { type DemoOptions, readOptions } from "./options.ts";
import { type Output, openOutput } from "./output.ts";
import { jsonShow } from "./show/json.ts";
import { breakSilence } from "./show/silence.ts";
import { TerminalShow } from "./show/terminal.ts";

const EXIT = { succeeded: 0, failed: 1, usage: 2 } as const;

async function main(): Promise<number> {
  const output = openOutput(process.stdout, process.stderr);
  const read = readOptions(process.argv.slice(2), process.env);
  if (read.kind === "help") {
    output.write(read.text);
    return EXIT.succeeded;
  }
  if (read.kind === "wrong") {
    process.stderr.write(`${read.problem}\n${read.fix}\n`);
    return EXIT.usage;
  }
  const { ANTHROPIC_API_KEY: apiKey = null } = process.env;
  forgetModelSettings(process.env);
  const show = showFor(read.options, output);
  const interruption = listenForInterruption(show, output.closed);
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

function showFor(options: DemoOptions, { write }: Output): Show {
  const { stdout } = process;
  // Since this process began, so that what the user waited for is in it.
  const elapsedMs = (): number => performance.now();
  if (options.json) return breakSilence(jsonShow(write, elapsedMs));
  const show = new TerminalShow({
    write,
    elapsedMs,
    color: wantsColor(options.color, process.env, stdout.isTTY),
    // A terminal of unknown size says 0.
    columns: stdout.isTTY ? () => stdout.columns || 80 : null,
  });
  return stdout.isTTY ? show : breakSilence(show);
}

process.exitCode = await main();
