/**
 * Writes docs/architecture.svg from the code's own imports: the folders of src/, and the chapters of src/run/, each above all
 * that it imports. A test holds it in step.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { graphOf } from "./architecture/imports.ts";
import { layersOf } from "./architecture/layers.ts";
import { architectureSvg } from "./architecture/svg.ts";

export const architecturePath = fileURLToPath(new URL("../docs/architecture.svg", import.meta.url));

/** What is loaded first, and loads the rest when it is needed. */
const ENTRY = "index, adapter";
const ENTRY_FILES = ["index.ts", "adapter.ts", "supervision.ts", "metrics.ts"];

function folderOf(file: string): string | null {
  const [top, name = "", ...rest] = file.split("/");
  if (top !== "src") return top ?? null;
  if (rest.length > 0) return name;
  return ENTRY_FILES.includes(name) ? ENTRY : null;
}

function chapterOf(file: string): string | null {
  const [top, run, chapter = "", ...rest] = file.split("/");
  if (top !== "src" || run !== "run") return null;
  return rest.length > 0 ? chapter : chapter.replace(/\.ts$/, "");
}

const BLUE = "#1f4b7a";
const GREEN = "#1d5a36";
const GREY = "#333b45";
const PURPLE = "#4a3673";

export function architecture(): string {
  return architectureSvg("Who imports whom, read from the code", [
    {
      title: "src: each folder stands above all that it imports (dashed: the one list of codes that telemetry knows)",
      layers: layersOf(graphOf("src", folderOf), ["telemetry → run"]),
      colorOf: (name) => {
        if ([ENTRY, "cli", "operate", "doctor"].includes(name)) return BLUE;
        return name === "run" ? GREEN : name === "runner" ? PURPLE : GREY;
      },
    },
    {
      title: "src/run: the chapters of a run; execute tells them",
      layers: layersOf(graphOf("src/run", chapterOf)),
      colorOf: (name) => (["execute", "in-paperclip", "probe"].includes(name) ? BLUE : GREEN),
    },
  ]);
}

if (import.meta.main) await writeFile(architecturePath, architecture());
