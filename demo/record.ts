/**
 * `node demo/record.ts [NAME …]`: runs the demo, for real, and writes what its terminal shows as pictures into docs/:
 * `run`, `adoption` (kill -9 in mid-run) and `failure` (an account without credit). Without a name: all of them.
 */
import { writeFile } from "node:fs/promises";
import { demo, type Ending } from "./demo.ts";
import { forgetModelSettings } from "./environment.ts";
import { type DemoOptions, readOptions } from "./options.ts";
import { terminalSvg } from "./picture/svg.ts";
import { refusals, type Script, startScriptedModel } from "./scripted-model/index.ts";
import { TerminalShow } from "./show/terminal.ts";

interface Picture {
  /** As a reader would type it. */
  readonly command: string;
  readonly args: readonly string[];
  /** The same for every recording, so that a new one changes the text of a page and not its layout. */
  readonly size: { readonly columns: number; readonly rows: number };
  readonly ending: Ending;
  /** Of a model of the picture's own, in place of the demo's. */
  readonly script?: Script;
}

const PICTURES: Readonly<Record<string, Picture>> = {
  run: { command: "npm run demo", args: [], size: { columns: 112, rows: 31 }, ending: "succeeded" },
  adoption: {
    command: "npm run demo -- --kill",
    args: ["--kill"],
    size: { columns: 112, rows: 46 },
    ending: "succeeded",
  },
  failure: {
    command: "npm run demo -- --model-url http://gateway:8090",
    args: [],
    size: { columns: 112, rows: 38 },
    ending: "failed",
    script: [refusals.credit()],
  },
};

forgetModelSettings(process.env);
const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : Object.keys(PICTURES)) {
  const picture = PICTURES[name];
  if (!picture) throw new Error(`There is no picture ${name}: ${Object.keys(PICTURES).join(", ")}`);
  const output = await record(picture);
  await writeFile(`docs/${name}.svg`, terminalSvg(output.trimEnd().split("\n"), picture.size, picture.command));
}

async function record({ command, args, size, ending: expected, script }: Picture): Promise<string> {
  const read = readOptions(args, {});
  if (read.kind !== "run") throw new Error("The demo does not take these options any more");
  const model = script ? await startScriptedModel({ script }) : null;
  const options: DemoOptions = { ...read.options, ...(model ? { modelUrl: new URL(model.url) } : {}) };
  let output = `\u001b[2m$\u001b[22m \u001b[1m${command}\u001b[22m\n\n`;
  const began = performance.now();
  const show = new TerminalShow({
    write: (text) => {
      output += text;
    },
    color: true,
    columns: () => size.columns,
    elapsedMs: () => performance.now() - began,
  });
  const ending = await demo(options, {
    apiKey: null,
    signal: new AbortController().signal,
    // A picture does not move.
    tell: (event) => event.event !== "progress" && show.tell(event),
  });
  show.end();
  await model?.stop();
  if (ending !== expected) throw new Error(`The run ${ending}, which is not to be shown:\n${output}`);
  return output;
}
