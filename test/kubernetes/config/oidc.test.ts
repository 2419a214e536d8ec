import { readFile } from "node:fs/promises";
import { afterEach, expect, test, vi } from "vitest";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { pods } from "../../../src/kubernetes/resource-types.ts";
import { ApiServer, fixture, type Handler, json, refuse } from "../support/api-server.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

const servers: ApiServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const nowSec = (): number => Math.floor(Date.now() / 1000);
const idToken = (issuer: string, exp: number, subject: string): string =>
  `${encode({ alg: "RS256" })}.${encode({ iss: issuer, aud: "kubernetes", sub: subject, iat: nowSec(), exp })}.c2ln`;

/** An identity provider that gives a new token for each refresh token, which may be used once. */
async function provider(): Promise<{ readonly issuer: string; readonly refreshes: string[] }> {
  const refreshes: string[] = [];
  const server = await ApiServer.start((seen, reply) => {
    const issuer = server.origin;
    if (seen.url.pathname === "/.well-known/openid-configuration")
      return json(reply, 200, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
      });
    refreshes.push(new URLSearchParams(seen.body).get("refresh_token") ?? "");
    return json(reply, 200, {
      access_token: "access",
      token_type: "Bearer",
      expires_in: 3600,
      id_token: idToken(issuer, nowSec() + 3600, `subject-${refreshes.length}`),
      refresh_token: `refresh-${refreshes.length + 1}`,
    });
  }, "h1");
  servers.push(server);
  return { issuer: server.origin, refreshes };
}

const pod: Handler = (_, reply) => json(reply, 200, { metadata: { name: "p" } });

/** Asks three times; what the API server was shown. */
async function showsThreeTimes(config: Record<string, string>, handler = pod): Promise<(string | undefined)[]> {
  const server = await ApiServer.start(handler);
  servers.push(server);
  const client = new KubernetesClient(await server.cluster({ "auth-provider": { name: "oidc", config } }));
  for (let time = 0; time < 3; time++) await client.get(pods, "runs", "p", { retryForMs: 0 });
  return server.seen.map(({ headers }) => headers.authorization);
}

test("OIDC: a token that holds is shown as it is", async () => {
  const token = idToken("https://issuer.test", nowSec() + 600, "me");
  expect(await showsThreeTimes({ "id-token": token })).toEqual(Array(3).fill(`Bearer ${token}`));
});

/** What a person's login leaves in a kubeconfig. */
const login = async (issuer: string, token: string): Promise<Record<string, string>> => ({
  "id-token": token,
  "refresh-token": "refresh-1",
  "client-id": "kubernetes",
  "idp-issuer-url": issuer,
  "idp-certificate-authority-data": (await readFile(fixture("ca.crt"))).toString("base64"),
});

test("OIDC: a token that has expired is refreshed once, with the provider's own authority", async () => {
  const { issuer, refreshes } = await provider();
  const shown = await showsThreeTimes(await login(issuer, idToken(issuer, nowSec() - 60, "me")));
  expect(refreshes).toEqual(["refresh-1"]);
  expect(new Set(shown).size).toBe(1);
  const [, payload = ""] = shown[0]?.split(".") ?? [];
  expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toMatchObject({ sub: "subject-1" });
});

test("OIDC: a token that the API server refuses is refreshed", async () => {
  const { issuer, refreshes } = await provider();
  const revoked = idToken(issuer, nowSec() + 600, "me");
  const shown = await showsThreeTimes(await login(issuer, revoked), (seen, reply) =>
    seen.headers.authorization === `Bearer ${revoked}`
      ? refuse(reply, 401, "Unauthorized", "Unauthorized")
      : pod(seen, reply),
  );
  expect(refreshes).toEqual(["refresh-1"]);
  expect(shown).toHaveLength(4);
});

test("OIDC: a token that has expired and cannot be refreshed says to log in again, and not what it is", async () => {
  const token = idToken("https://issuer.test", nowSec() - 60, "me");
  const asked = showsThreeTimes({ "id-token": token });
  await expect(asked).rejects.toThrow(/the OIDC token has expired.*log in again/);
  await expect(asked).rejects.not.toThrow(token);
});
