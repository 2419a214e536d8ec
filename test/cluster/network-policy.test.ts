/** What the environment test says of NetworkPolicies. */
import type { NetworkPolicySpec } from "kubernetes-types/networking/v1";
import { afterEach, describe, expect, it } from "vitest";
import { testEnvironment } from "../../src/doctor/test-environment.ts";
import { networkPolicies } from "../../src/kubernetes/resource-types.ts";
import { trustAgents } from "../support/policy.ts";
import type { Place } from "./support/place.ts";
import { giveOptionalRights } from "./support/rights.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

let takeBack = (): Promise<void> => Promise.resolve();
let made: string[] = [];
afterEach(async () => {
  await takeBack();
  takeBack = () => Promise.resolve();
  for (const name of made) await place.admin.delete(networkPolicies, place.namespace, name);
  made = [];
});

/** With policies of these specifications, named by their number. */
async function judged(...specs: NetworkPolicySpec[]) {
  takeBack = await giveOptionalRights(place, "networkPolicies");
  for (const [index, spec] of specs.entries()) {
    const name = `policy-${index}`;
    await place.admin.create(networkPolicies, place.namespace, { metadata: { name }, spec });
    made.push(name);
  }
  return examine();
}

async function examine() {
  const { kubeconfig, namespace, image } = place;
  const config = { kubeconfig, namespace, image, labels: "team=a" };
  const env = { PAPERCLIP_K8S_HELLO_PROBE: "off" };
  const { checks } = await testEnvironment({ adapterType: "claude_k8s", config }, { env, readPolicy: trustAgents });
  return checks.filter(({ code }) => code.startsWith("k8s_network_policy"));
}

const OURS = { matchLabels: { "app.kubernetes.io/managed-by": "paperclip" } };
const both = ["Ingress", "Egress"];

describe("NetworkPolicies", () => {
  it("are not looked at without the right to, which is said and no more", async () => {
    expect(await examine()).toEqual([
      { code: "k8s_network_policy_unchecked", level: "info", message: expect.stringContaining("deploy/rbac.yaml") },
    ]);
  });

  it.each<[string, NetworkPolicySpec[], string[]]>([
    ["select by a label of every run", [{ podSelector: OURS, policyTypes: both }], ["policy-0"]],
    ["select every pod", [{ podSelector: {}, policyTypes: both }], ["policy-0"]],
    [
      "are one for each direction",
      [
        { podSelector: OURS, policyTypes: ["Ingress"] },
        { podSelector: {}, policyTypes: ["Egress"] },
      ],
      ["policy-0", "policy-1"],
    ],
    [
      "name no type, and have a way out",
      [{ podSelector: OURS, egress: [{ to: [{ podSelector: OURS }] }] }],
      ["policy-0"],
    ],
    [
      "select by expressions",
      [
        {
          policyTypes: both,
          podSelector: {
            matchExpressions: [
              { key: "team", operator: "In", values: ["a", "b"] },
              { key: "paperclip.io/adapter-type", operator: "Exists" },
              { key: "app", operator: "DoesNotExist" },
              { key: "app", operator: "NotIn", values: ["paperclip"] },
            ],
          },
        },
      ],
      ["policy-0"],
    ],
  ])("that %s are named", async (_, specs, names) => {
    const [found, ...more] = await judged(...specs);
    expect(found).toMatchObject({ code: "k8s_network_policy", level: "info" });
    expect(found?.message).toContain(`${names.join(", ")}.`);
    expect(more).toEqual([]);
  });

  it.each<[string, NetworkPolicySpec[], RegExp]>([
    ["there are none", [], /^No NetworkPolicy selects the agents' pods/],
    [
      "they select other pods",
      [{ podSelector: { matchLabels: { app: "web" } }, policyTypes: both }],
      /^No NetworkPolicy selects/,
    ],
    [
      "an expression leaves the agents' pods out",
      [{ podSelector: { matchExpressions: [{ key: "team", operator: "NotIn", values: ["a"] }] }, policyTypes: both }],
      /^No NetworkPolicy selects/,
    ],
    ["they limit the way in alone", [{ podSelector: OURS }], /^No NetworkPolicy limits what the agents' pods reach/],
    [
      "they limit the way out alone",
      [{ podSelector: OURS, policyTypes: ["Egress"] }],
      /^No NetworkPolicy limits who reaches/,
    ],
  ])("are asked for when %s", async (_, specs, message) => {
    const [found, ...more] = await judged(...specs);
    expect(found).toMatchObject({ code: "k8s_network_policy_missing", level: "warn" });
    expect(found?.message).toMatch(message);
    expect(found?.hint).toContain("docs/deploy.md");
    expect(more).toEqual([]);
  });
});
