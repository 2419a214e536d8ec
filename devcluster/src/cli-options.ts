import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import type { LocalImage } from "./types.ts";

export interface UpOptions {
  readonly port: number;
  readonly images: Readonly<Record<string, LocalImage>>;
  /** Undefined: a file in a temporary folder. */
  readonly kubeconfig: string | undefined;
}

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "up"; readonly options: UpOptions }
  | { readonly kind: "wrong"; readonly why: string };

const imageSchema = z.strictObject({
  path: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  workingDir: z.string().optional(),
});

/** The command line as a value; everything that can be wrong with it is told here. */
export function parseCommand(args: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: "string", default: "0" },
        images: { type: "string" },
        image: { type: "string", multiple: true, default: [] },
        kubeconfig: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return { kind: "help" };
    const [command, ...rest] = positionals;
    if (command !== "up" || rest.length > 0) return { kind: "wrong", why: `no such command: ${positionals.join(" ")}` };
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) return { kind: "wrong", why: `no port: ${values.port}` };
    const listed = values.images === undefined ? {} : readImages(values.images);
    const images = { ...listed, ...Object.fromEntries(values.image.map(parseImage)) };
    return { kind: "up", options: { port, images, kubeconfig: values.kubeconfig } };
  } catch (error) {
    return { kind: "wrong", why: error instanceof Error ? error.message : String(error) };
  }
}

function readImages(file: string): Record<string, LocalImage> {
  const parsed = z.record(z.string(), imageSchema).safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data as Record<string, LocalImage>;
}

/** `busybox:1.36` has the host's programs, `busybox:1.36=DIR` those of a folder before them. */
function parseImage(text: string): [string, LocalImage] {
  const [name = "", ...folder] = text.split("=");
  if (name === "") throw new Error(`no image name: ${text}`);
  return [name, folder.length === 0 ? {} : { path: [resolve(folder.join("="))] }];
}
