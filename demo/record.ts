/** `node demo/record.ts [FILE]`: runs the demo once, for real, and writes what its terminal shows as an SVG picture. */
import { writeFile } from "node:fs/promises";
import { demo } from "./demo.ts";
import { forgetModelSettings } from "./environment.ts";
import { readOptions } from "./options.ts";
import { terminalSvg } from "./picture/svg.ts";
import { TerminalShow } from "./show/terminal.ts";

/** The same for every recording, so that a new one changes the text of a page and not its layout. */
const SIZE = { columns: 112, rows: 31 };

const file = process.argv[2] ?? "docs/run.svg";
const read = readOptions([], {});
if (read.kind !== "run") throw new Error("The demo does not run without options any more");

forgetModelSettings(process.env);
let output = "\u001b[2m$\u001b[22m \u001b[1mnpm run demo\u001b[22m\n\n";
const show = new TerminalShow({
  write: (text) => {
    output += text;
  },
  color: true,
  columns: () => SIZE.columns,
  elapsedMs: () => performance.now(),
});
const ending = await demo(read.options, {
  apiKey: null,
  signal: new AbortController().signal,
  // A picture does not move.
  tell: (event) => event.event !== "progress" && show.tell(event),
});
show.end();
if (ending !== "succeeded") throw new Error(`The run failed, so there is nothing to show:\n${output}`);
await writeFile(file, terminalSvg(output.trimEnd().split("\n"), SIZE, "npm run demo"));
