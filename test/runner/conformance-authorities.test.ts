/** A company's own authority: what the agent starts reaches a server whose certificate it signed, and the public ones as before. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificate } from "../../devcluster/src/api/certificate.ts";
import { runPod, sh } from "./pod.ts";
import { nodeRunners, runners } from "./runners.ts";

let folder: string;
let server: Server;
let url: string;
const authority = (): string => join(folder, "authority.pem");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "authorities "));
  const { cert, key } = await createCertificate();
  writeFileSync(authority(), cert);
  server = createServer({ key, cert }, (_, response) => response.end("reached")).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const found = (name: string): string =>
  execFileSync("sh", ["-c", `command -v ${name} || true`], { encoding: "utf8" }).trim();
const withoutCurl = found("curl") === "";
const trusting = (source: string): Record<string, string> => ({
  CLAUDE_K8S_AUTHORITIES: source,
  CLAUDE_K8S_TRUSTED: join(mkdtempSync(join(folder, "scratch-")), "ca.pem"),
});

describe.each(runners)("authorities beside the public ones, on $name,", (runner) => {
  it.skipIf(withoutCurl)(
    "are trusted by curl and Node, from a file or from a folder, and the agent does not see how",
    async () => {
      const config = join(folder, "config");
      mkdirSync(config, { recursive: true });
      writeFileSync(join(config, "a.crt"), readFileSync(authority()));
      const script = `
${found("curl")} -sS ${url} && echo
${process.execPath} -e 'fetch("${url}").then((r) => r.text()).then(console.log)'
echo "[$CLAUDE_K8S_AUTHORITIES$CLAUDE_K8S_TRUSTED]"
echo "$SSL_CERT_FILE|$GIT_SSL_CAINFO|$REQUESTS_CA_BUNDLE"
grep -c BEGIN "$SSL_CERT_FILE"`.replace("grep", found("grep"));
      for (const source of [authority(), config]) {
        const env = trusting(source);
        const end = await runPod(runner, { command: sh(script), env });
        expect(end.stderr.toString()).toBe("");
        const [curl, node, seen, files, count] = end.stdout.toString().trim().split("\n");
        expect([curl, node, seen]).toEqual(["reached", "reached", "[]"]);
        expect(new Set(files?.split("|"))).toEqual(new Set([env.CLAUDE_K8S_TRUSTED]));
        // The public ones too, where this machine or Node has any.
        if (runner.kind === "node") expect(Number(count)).toBeGreaterThan(100);
      }
    },
  );

  it("give way to what the agent's own environment says", async () => {
    const env = { ...trusting(authority()), NODE_EXTRA_CA_CERTS: "/own.pem", GIT_SSL_CAINFO: "/git.pem" };
    const end = await runPod(runner, { command: sh('echo "$NODE_EXTRA_CA_CERTS $GIT_SSL_CAINFO"'), env });
    expect(end.stdout.toString()).toBe("/own.pem /git.pem\n");
  });
});

it.skipIf(withoutCurl)("without them, nothing is trusted that was not: the test would see it", async () => {
  const [runner] = nodeRunners;
  if (!runner) throw new Error("no Node");
  const end = await runPod(runner, { command: sh(`${found("curl")} -sS ${url} 2>&1 || echo refused`) });
  expect(end.stdout.toString()).toContain("refused");
});

it("git takes them", async () => {
  const [runner] = nodeRunners;
  if (!runner) throw new Error("no Node");
  const script = `${found("git")} ls-remote ${url}x.git 2>&1; true`;
  const refused = await runPod(runner, { command: sh(script), env: { PATH: "/usr/bin:/bin" } });
  const taken = await runPod(runner, { command: sh(script), env: { PATH: "/usr/bin:/bin", ...trusting(authority()) } });
  expect(refused.stdout.toString()).toMatch(/certificate/i);
  expect(taken.stdout.toString()).not.toMatch(/certificate/i);
});
