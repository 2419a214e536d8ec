import { describe, expect, it } from "vitest";
import { mcpConfig, mcpIdentity } from "../../src/paperclip/mcp.ts";

const own = "http://127.0.0.1:3100";
const server = (name: string, url: string, connectionId = name) => ({
  name,
  url,
  token: `token of ${name}`,
  connectionId,
});
const projects = server("Paperclip projects", `${own}/api/mcp/project-tools?v=1`, "paperclip-project-tools");
const read = (text: string | null) =>
  (JSON.parse(text ?? "null") as { mcpServers: Record<string, { url: string }> }).mcpServers;

describe("mcpConfig", () => {
  it("is what Claude Code reads, with Paperclip's address as the pod sees it", () => {
    expect(read(mcpConfig([projects], "http://paperclip.team.svc:3100/", own))).toEqual({
      "Paperclip projects": {
        type: "http",
        url: "http://paperclip.team.svc:3100/api/mcp/project-tools?v=1",
        headers: { Authorization: "Bearer token of Paperclip projects" },
      },
    });
  });

  it("leaves the address of others as it is, and all of them where pods see what Paperclip sees", () => {
    const other = server("other", "https://mcp.example/tools");
    expect(read(mcpConfig([other], "http://paperclip:1", own)).other?.url).toBe("https://mcp.example/tools");
    expect(read(mcpConfig([projects], null, own))["Paperclip projects"]?.url).toBe(projects.url);
  });

  it("gives each of several servers of one name a name of its own, and is nothing without any", () => {
    const twins = [server("x", own, "aaaaaaaa1"), server("x", own, "aaaaaaaa2"), server("x", own, "aaaaaaaa3")];
    expect(Object.keys(read(mcpConfig(twins, null, null)))).toEqual(["x", "x-aaaaaaaa", "x-aaaaaaaa-2"]);
    expect(mcpConfig([], null, null)).toBeNull();
  });
});

describe("mcpIdentity", () => {
  it("does not depend on tokens or order", () => {
    const other = server("a", "https://a.example");
    expect(mcpIdentity([projects, other])).toBe(mcpIdentity([{ ...other, token: "new" }, projects]));
    expect(mcpIdentity([projects])).not.toBe(mcpIdentity([other]));
    expect(mcpIdentity([])).toBeNull();
  });
});
