/**
 * A stand-in for Anthropic's own addresses, reached through a proxy: the login's token endpoint, whose refresh tokens
 * serve once, and the Messages API for those who are logged in.
 */
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { type AddressInfo, connect } from "node:net";
import { text as readText } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { createCertificate } from "../../../devcluster/src/api/certificate.ts";
import { type Script, startScriptedModel } from "../../scripted-model/index.ts";

export interface Anthropic {
  /** For Claude Code: the way here. */
  readonly env: Readonly<Record<string, string>>;
  /** What must be trusted, PEM. */
  readonly certificate: string;
  /** A login whose access token has expired, as Claude Code keeps it. */
  readonly login: object;
  readonly refreshes: number;
  /** Refresh tokens that were used a second time: each ends a real login. */
  readonly reused: number;
  stop(): Promise<void>;
}

const NAMES = ["*.anthropic.com", "*.claude.com", "claude.ai", "*.claude.ai", "claude.com"];
const SCOPES = ["user:inference", "user:profile", "user:sessions:claude_code"];
/** Long enough for two to meet. */
const TOKEN_MS = 300;

export async function startAnthropic(script: Script, tokenSec: number): Promise<Anthropic> {
  const model = await startScriptedModel({ script });
  const { cert, key } = await createCertificate(NAMES);
  let refreshes = 0;
  let reused = 0;
  const refreshToken = (): string => `refresh-${refreshes}`;
  const token = async (body: string, response: http.ServerResponse): Promise<void> => {
    await sleep(TOKEN_MS);
    if ((JSON.parse(body) as { refresh_token?: string }).refresh_token !== refreshToken()) {
      reused += 1;
      return answer(response, 400, { error: "invalid_grant" });
    }
    refreshes += 1;
    const tokens = { access_token: `access-${refreshes}`, refresh_token: refreshToken(), expires_in: tokenSec };
    answer(response, 200, { ...tokens, token_type: "Bearer", scope: SCOPES.join(" ") });
  };
  const respond = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const body = await readText(request);
    if (request.url === "/v1/oauth/token") return token(body, response);
    if (!request.url?.startsWith("/v1/messages")) return answer(response, 404, {});
    const passed = /^Bearer access-([1-9]\d*)$/.test(request.headers.authorization ?? "");
    if (!passed)
      return answer(response, 401, { type: "error", error: { type: "authentication_error", message: "no" } });
    const { method = "POST", headers, url } = request;
    const asked = http.request(model.url + url, { method, headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 500, answered.headers);
      answered.pipe(response);
    });
    asked.end(body);
  };
  const server = https.createServer({ cert, key }, (request, response) => {
    respond(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const proxy = http.createServer().on("connect", (_, client) => {
    const there = connect(portOf(server), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      client.pipe(there).pipe(client);
    });
    there.on("error", () => client.destroy());
    client.on("error", () => there.destroy());
  });
  for (const each of [server, proxy]) await once(each.listen(0, "127.0.0.1"), "listening");
  return {
    env: { HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}` },
    certificate: cert,
    login: {
      claudeAiOauth: {
        ...{ accessToken: "access-0", refreshToken: refreshToken(), expiresAt: Date.now() - 1_000 },
        ...{ scopes: SCOPES, subscriptionType: "max" },
      },
    },
    get refreshes() {
      return refreshes;
    },
    get reused() {
      return reused;
    },
    async stop() {
      proxy.close();
      server.close();
      server.closeAllConnections();
      await model.stop();
    },
  };
}

const portOf = (server: http.Server | https.Server): number => (server.address() as AddressInfo).port;

function answer(response: http.ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
