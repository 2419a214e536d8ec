/**
 * A git server on loopback: smart HTTP by git's own http-backend, Git LFS by a few lines, a login that can change while it
 * serves. Repositories are bare ones in a folder of its own.
 */
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Without Git LFS, where it is installed for the whole machine: its objects are put there by hand. */
const WITHOUT_LFS = ["clean=cat", "smudge=cat", "process=", "required=false"].map((word) => `filter.lfs.${word}`);
const AS_TEST = ["user.name=Test", "user.email=test@example.com", "core.hooksPath=/dev/null", ...WITHOUT_LFS];
const IDENTITY = AS_TEST.flatMap((setting) => ["-c", setting]);

export class GitServer {
  readonly folder = mkdtempSync(join(tmpdir(), "git-server-"));
  /** What it asks for now; null: nothing. */
  login: Login | null = null;
  /** Answers instead of git's, for requests whose line has the text; consumed one by one. */
  readonly faults: { readonly line: string; readonly status: number }[] = [];
  /** Requests for packs wait for it. */
  gate: Promise<void> = Promise.resolve();
  /** `METHOD PATH STATUS`, in order. */
  readonly requests: string[] = [];
  readonly #server: Server;
  #copies = 1;

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request, response) => {
      response.once("close", () => this.requests.push(`${request.method} ${request.url} ${response.statusCode}`));
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<GitServer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new GitServer(server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  url(name: string): string {
    return `${this.origin}/${name}.git`;
  }

  path(name: string): string {
    return join(this.folder, `${name}.git`);
  }

  /** An empty repository that can be pushed to. */
  create(name: string): void {
    execFileSync("git", ["init", "-q", "--bare", "-b", "main", this.path(name)]);
    this.git(name, "config", "http.receivepack", "true");
    this.git(name, "config", "uploadpack.allowFilter", "true");
  }

  /** Adds a commit with these files to a branch, which is made where it is missing; from `main`. Returns its id. */
  commit(name: string, branch: string, files: Readonly<Record<string, string>>, message = "a commit"): string {
    if (!existsSync(this.path(name))) this.create(name);
    const work = mkdtempSync(join(tmpdir(), "git-work-"));
    const run = (...words: string[]): string => execFileSync("git", [...IDENTITY, ...words], { cwd: work }).toString();
    try {
      run("init", "-q", "-b", branch);
      const from = [branch, "main"].find((one) => this.git(name, "branch", "--list", one) !== "");
      if (from) run("pull", "-q", this.path(name), from);
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(work, path)), { recursive: true });
        writeFileSync(join(work, path), content);
      }
      run("add", "-A", "-f");
      run("commit", "-q", "-m", message);
      run("push", "-q", this.path(name), `HEAD:refs/heads/${branch}`);
      return run("rev-parse", "HEAD").trim();
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }

  /** A copy of a repository, under a name of its own, which it gives. */
  copy(name: string): string {
    const copy = `${name}-${this.#copies++}`;
    cpSync(this.path(name), this.path(copy), { recursive: true });
    return copy;
  }

  /** Adds a submodule to main. */
  addSubmodule(name: string, path: string, url: string): void {
    const at = execFileSync("git", ["ls-remote", this.path(url), "refs/heads/main"])
      .toString()
      .slice(0, 40);
    const work = mkdtempSync(join(tmpdir(), "git-work-"));
    const run = (...words: string[]) => execFileSync("git", [...IDENTITY, ...words], { cwd: work });
    run("clone", "-q", this.path(name), ".");
    writeFileSync(join(work, ".gitmodules"), `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${this.url(url)}\n`);
    run("update-index", "--add", "--cacheinfo", `160000,${at},${path}`);
    run("add", ".gitmodules");
    run("commit", "-q", "-m", "a submodule");
    run("push", "-q", "origin", "HEAD:main");
    rmSync(work, { recursive: true, force: true });
  }

  /** Puts an object of Git LFS there, and gives the pointer that a commit has in its place. */
  addLfsObject(name: string, content: string): string {
    const oid = createHash("sha256").update(content).digest("hex");
    mkdirSync(join(this.path(name), "lfs-objects"), { recursive: true });
    writeFileSync(join(this.path(name), "lfs-objects", oid), content);
    return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${Buffer.byteLength(content)}\n`;
  }

  /** In the bare repository; what it prints, trimmed. */
  git(name: string, ...words: string[]): string {
    return execFileSync("git", ["-C", this.path(name), ...words], { stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .trim();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = request;
    const at = this.faults.findIndex(({ line }) => `${method} ${url}`.includes(line));
    const [fault] = at < 0 ? [] : this.faults.splice(at, 1);
    if (fault) return void response.writeHead(fault.status).end();
    if (!this.#isLoggedIn(request))
      return void response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end("who are you?");
    const [path = "", query = ""] = url.split("?");
    const lfs = /^\/(.+)\.git\/info\/lfs\/objects\/(.+)$/.exec(path);
    if (lfs) return this.#lfs(lfs[1] as string, lfs[2] as string, request, response);
    if (method === "POST" && path.endsWith("/git-upload-pack")) await this.gate;
    await this.#backend(path, query, request, response);
  }

  #isLoggedIn({ headers: { authorization } }: IncomingMessage): boolean {
    if (!this.login) return true;
    const { username, password } = this.login;
    return authorization === `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }

  /** CGI, as RFC 3875 has it. */
  async #backend(path: string, query: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, method } = request;
    const child = spawn("git", ["http-backend"], {
      stdio: ["pipe", "pipe", "ignore"],
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: this.folder,
        GIT_HTTP_EXPORT_ALL: "1",
        ...{ PATH_INFO: path, QUERY_STRING: query, REQUEST_METHOD: method, REMOTE_ADDR: "127.0.0.1" },
        ...(this.login ? { REMOTE_USER: this.login.username } : {}),
        CONTENT_TYPE: headers["content-type"] ?? "",
        ...(headers["content-length"] ? { CONTENT_LENGTH: headers["content-length"] } : {}),
        HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
        GIT_PROTOCOL: String(headers["git-protocol"] ?? ""),
      },
    });
    response.once("close", () => child.kill());
    child.stdin.on("error", () => {});
    request.pipe(child.stdin);
    let head = Buffer.alloc(0);
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      if (response.headersSent) {
        response.write(chunk);
        continue;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) continue;
      for (const line of head.subarray(0, end).toString().split("\r\n")) {
        const [name = "", value = ""] = line.split(/:\s*/, 2);
        if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value, 10);
        else response.setHeader(name, value);
      }
      response.flushHeaders();
      response.write(head.subarray(end + 4));
    }
    response.end();
  }

  async #lfs(name: string, what: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = (oid: string): string => join(this.path(name), "lfs-objects", oid.replaceAll(/[^0-9a-f]/g, ""));
    if (what !== "batch") {
      if (request.method === "PUT") {
        mkdirSync(dirname(file(what)), { recursive: true });
        writeFileSync(file(what), await text(request));
      }
      response.end(existsSync(file(what)) ? readFileSync(file(what)) : "");
      return;
    }
    const { operation, objects } = JSON.parse(await text(request)) as {
      operation: "download" | "upload";
      objects: { oid: string; size: number }[];
    };
    const href = (oid: string): object => ({
      [operation]: { href: `${this.url(name)}/info/lfs/objects/${oid}`, header: this.#header(request) },
    });
    response.setHeader("content-type", "application/vnd.git-lfs+json");
    response.end(
      JSON.stringify({
        transfer: "basic",
        objects: objects.map(({ oid, size }) => ({ oid, size, authenticated: true, actions: href(oid) })),
      }),
    );
  }

  #header({ headers: { authorization } }: IncomingMessage): object {
    return authorization ? { Authorization: authorization } : {};
  }
}
