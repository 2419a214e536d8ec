import { describe, expect, it } from "vitest";
import { exceptFromProxy } from "../../src/paperclip/no-proxy.ts";

const SERVICE = "http://paperclip.agents.svc:3100";
const PROXY = { HTTPS_PROXY: "http://proxy.example.com:3128" };

describe("Paperclip's address beside a proxy", () => {
  it.each([
    ["none are named", {}, "paperclip.agents.svc", "paperclip.agents.svc"],
    [
      "others are",
      { NO_PROXY: ".example.com" },
      ".example.com,paperclip.agents.svc",
      ".example.com,paperclip.agents.svc",
    ],
    ["each has its own", { NO_PROXY: "a", no_proxy: "b" }, "a,paperclip.agents.svc", "b,paperclip.agents.svc"],
  ])("is excepted where %s", (_, more, upper, lower) => {
    expect(exceptFromProxy({ ...PROXY, ...more }, SERVICE)).toEqual({ NO_PROXY: upper, no_proxy: lower });
  });

  it.each([
    "http://paperclip:3100",
    "http://paperclip.agents.svc.cluster.local",
    "http://10.1.2.3:3100",
    "http://[fd00::1]:3100",
  ])("is the cluster's own: %s", (url) => {
    expect(exceptFromProxy({ all_proxy: "socks5://proxy:1080" }, url)).toHaveProperty("NO_PROXY");
  });

  it.each([
    ["there is no proxy", {}, SERVICE],
    ["it is public: the proxy may be the only way", PROXY, "https://paperclip.example.com"],
    ["it is public, as an address", PROXY, "https://203.0.113.7"],
    ["nobody knows it", PROXY, undefined],
    ["it is none", PROXY, "paperclip"],
  ])("is left where %s", (_, variables, url) => {
    expect(exceptFromProxy(variables, url)).toEqual({});
  });

  it.each(["*", "paperclip.agents.svc", ".svc", "svc", "*.agents.svc", "a, .SVC"])(
    "is excepted already by %s",
    (list) => {
      const both = { NO_PROXY: list, no_proxy: list };
      expect(exceptFromProxy({ ...PROXY, ...both }, SERVICE)).toEqual({});
    },
  );
});
