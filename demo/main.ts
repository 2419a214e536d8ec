/** `npm run demo`: reads the options, shows the story, answers Ctrl-C, and ends with the right exit code. */
import { wantsColor } from "./color.ts";
import { demo } from "./demo.ts";
import type { Show } from "./demo-event.ts";
import { forgetModelSettings } from "./environment.ts";
import { failureEvent } from "./failure.ts";
import { type DemoOptions, readOptions } from "./options.ts";
import { jsonShow } from "./show/json.ts";
import { TerminalShow } from "./show/terminal.ts";

const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
const SIGNALS = { SIGINT: { code: 130, word: "Ctrl-C" }, SIGTERM: { code: 143, word: "SIGTERM" } } as const;

async function main(): Promise<number> {
  const read = readOptions(process.argv.slice(2), process.env);
  if (read.kind === "help") {
    process.stdout.write(read.text);
    return EXIT.ok;
  }
  if (read.kind === "wrong") {
    process.stderr.write(`${read.problem}\n${read.fix}\n`);
    return EXIT.usage;
  }
  const { ANTHROPIC_API_KEY: apiKey = null } = process.env;
  forgetModelSettings(process.env);
  const show = showFor(read.options);
  const stop = new AbortController();
  let interrupted: (typeof SIGNALS)[keyof typeof SIGNALS] | undefined;
  for (const [name, signal] of Object.entries(SIGNALS))
    process.on(name, () => {
      // Whoever presses Ctrl-C twice does not want to wait.
      if (interrupted) process.exit(signal.code);
      interrupted = signal;
      show.tell({ event: "progress", text: `${signal.word}: stopping Claude and cleaning up` });
      stop.abort(new Error(`Cancelled with ${signal.word}`));
    });
  try {
    const succeeded = await demo(read.options, { apiKey, tell: show.tell.bind(show), signal: stop.signal });
    return interrupted?.code ?? (succeeded ? EXIT.ok : EXIT.failed);
  } catch (error) {
    if (interrupted) return interrupted.code;
    const failure = failureEvent(error);
    if (!failure) throw error;
    show.tell(failure);
    return EXIT.failed;
  } finally {
    show.end();
  }
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
