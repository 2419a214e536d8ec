/** Chromium as a person would use it: Debian's, driven by playwright-core. CHROMIUM names another one. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { e2eFolder, rootFolder } from "./install.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";

interface Part {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Viewer extends AsyncDisposable {
  readonly page: Page;
  /** Goes to an address, in a window of that height: pictures show what a person would scroll to. */
  open(url: string, height?: number): Promise<Page>;
  /** Keeps a picture of the page in e2e/artifacts/NAME.png. */
  shoot(name: string): Promise<void>;
  /** With PICTURES=1, keeps what lies there in CSS pixels as docs/NAME.png: the pictures that the docs show. */
  picture(name: string, part: Part): Promise<void>;
}

export async function openBrowser(): Promise<Viewer> {
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath,
    args: FLAGS,
  });
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  return {
    page,
    async open(url, height = 1000) {
      await page.setViewportSize({ width: 1400, height });
      await page.goto(url, { waitUntil: "load" });
      return page;
    },
    async shoot(name) {
      await mkdir(join(e2eFolder, "artifacts"), { recursive: true });
      await page.screenshot({ path: join(e2eFolder, "artifacts", `${name}.png`), fullPage: true });
    },
    async picture(name, clip) {
      if (process.env.PICTURES !== "1") return;
      await page.screenshot({ path: join(rootFolder, "docs", `${name}.png`), clip });
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
