import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { parsePolicy } from "../../src/policy/parse-policy.ts";
import { printPolicy } from "../../src/policy/print-policy.ts";
import { ruleNames } from "../../src/policy/rule-names.ts";
import { anyPolicyFile } from "./support/any-policy.ts";

const read = (text: string) => parsePolicy(text, { path: null, named: "The policy", ownKubeconfigs: [] });

describe("the effective policy", () => {
  it("says of each rule where it comes from", () => {
    const { policy, lineOf } = read("# mine\nhome: none\nallow:\n  claims: ['claude-{agentId}']\n");
    const lines = printPolicy(policy, lineOf).split("\n");
    expect(lines.find((line) => line.startsWith("home:"))).toMatch(/^home: none +# line 2$/);
    expect(lines.find((line) => line.includes("claims:"))).toMatch(/^ {2}claims: \["claude-\{agentId\}"\] +# line 4$/);
    expect(lines.find((line) => line.includes("labels:"))).toMatch(/^ {2}labels: \[\] +# default$/);
    expect(lines).toContain("# instance: not set");
  });

  it("has every rule that a file can have", () => {
    const text = printPolicy(read("{}").policy, () => null);
    // A rule of rules that are all unset is named by each of them.
    for (const path of [[], ["allow"], ["limits"], ["pod"]])
      for (const rule of ruleNames(path).filter((name) => name !== "defaults"))
        expect(text, rule).toMatch(new RegExp(`^(# |# ${path.join()}\\.| *)${rule}[:.]`, "m"));
  });

  it("is a policy file itself, of the same meaning, whatever the file", () => {
    fc.assert(
      fc.property(anyPolicyFile, (file) => {
        const { policy, lineOf } = read(stringify(file));
        const again = read(printPolicy(policy, lineOf)).policy;
        const pullPolicies = expect.anything();
        expect({ ...again, allow: { ...again.allow, pullPolicies } }).toEqual({
          ...policy,
          allow: { ...policy.allow, pullPolicies },
        });
      }),
    );
  });
});
