/** What the NetworkPolicies of deploy/ select and let through. */
import { BlockList, isIPv4 } from "node:net";
import type { NetworkPolicy } from "kubernetes-types/networking/v1";
import { describe, expect, it } from "vitest";
import { kubectlVersion } from "../../devcluster/test/kubectl/kubectl.ts";
import { built, FOLDERS, type Manifest, manifestsIn } from "./support/kustomize.ts";
import { plans } from "./support/planned-jobs.ts";

const EGRESS = "paperclip.io/egress";

type NetworkRules = Manifest & Pick<NetworkPolicy, "spec">;

describe.skipIf(kubectlVersion === undefined)("the network policies", () => {
  const policies = (folder: string): Promise<NetworkRules[]> =>
    built(folder).then((yaml) => manifestsIn<NetworkRules>(yaml, "NetworkPolicy"));

  it.each(FOLDERS.filter((folder) => !["admission", "policy"].includes(folder)))(
    "of %s select the pods of runs and probes, and no other",
    async (folder) => {
      for (const { metadata, spec } of await policies(folder)) {
        const { matchLabels: { [EGRESS]: profile, ...wanted } = {}, matchExpressions = [] } = spec?.podSelector ?? {};
        expect(Object.keys(wanted).length, metadata.name).toBeGreaterThan(0);
        for (const { key } of matchExpressions) expect(key).toBe(EGRESS);
        expect(metadata.name.includes("-egress-")).toBe(profile !== undefined);
        for (const [what, { job }] of plans) expect(job.spec?.template.metadata?.labels, what).toMatchObject(wanted);
      }
    },
  );

  it.each([
    [undefined, ["allow-dns", "allow-paperclip", "allow-public", "deny-all"]],
    ["model-only", ["allow-dns", "allow-paperclip", "deny-all", "egress-model-only"]],
    ["a-typing-error", ["allow-dns", "allow-paperclip", "deny-all"]],
  ])("give an agent of the egress profile %s what it is for, and an unknown one least", async (profile, wanted) => {
    const labels: Readonly<Record<string, string>> = {
      ...plans[0]?.[1].job.spec?.template.metadata?.labels,
      ...(profile ? { [EGRESS]: profile } : {}),
    };
    const selects = ({ spec }: NetworkRules): boolean => {
      const { matchLabels = {}, matchExpressions = [] } = spec?.podSelector ?? {};
      const has = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
      return has && matchExpressions.every(({ key, operator }) => operator === "DoesNotExist" && !(key in labels));
    };
    const selected = (await policies("base")).filter(selects);
    expect(selected.map(({ metadata }) => metadata.name.replace("claude-agents-", ""))).toEqual(wanted);
  });

  it("close everything by one, and each other opens one way out and no way in", async () => {
    const [all = [], shut = []] = [await policies("base"), await policies("overlays/model-gateway")];
    const names = (list: readonly NetworkRules[]): string[] =>
      list.map(({ metadata }) => metadata.name.replace("claude-agents-", ""));
    expect(names(all)).toEqual(["allow-dns", "allow-paperclip", "allow-public", "deny-all", "egress-model-only"]);
    expect(names(shut)).toEqual(["allow-dns", "allow-gateway", "allow-paperclip", "deny-all"]);
    for (const { metadata, spec } of [...all, ...shut]) {
      expect(spec?.ingress).toBeUndefined();
      if (metadata.name.endsWith("deny-all")) expect(spec).toMatchObject({ policyTypes: ["Ingress", "Egress"] });
      else expect(spec?.policyTypes).toEqual(["Egress"]);
      expect(spec?.egress?.length ?? 0).toBe(metadata.name.endsWith("deny-all") ? 0 : 1);
    }
  });

  it("let public addresses through and no private one, at TCP ports of the web", async () => {
    const open = (await policies("base")).find(({ metadata }) => metadata.name === "claude-agents-allow-public");
    const [{ to = [], ports } = {}] = open?.spec?.egress ?? [];
    expect(ports).toEqual([
      { protocol: "TCP", port: 443 },
      { protocol: "TCP", port: 80 },
    ]);
    const [allowed, excepted] = [new BlockList(), new BlockList()];
    for (const { ipBlock } of to) {
      if (!ipBlock) throw new Error("a peer without addresses");
      add(allowed, ipBlock.cidr);
      for (const cidr of ipBlock.except ?? []) {
        expect(isCanonical(cidr), cidr).toBe(true);
        add(excepted, cidr);
      }
    }
    const passes = (address: string): boolean => {
      const family = isIPv4(address) ? "ipv4" : "ipv6";
      return allowed.check(address, family) && !excepted.check(address, family);
    };
    const PUBLIC = [
      "160.79.104.10",
      "140.82.112.3",
      "8.8.8.8",
      "2607:6bc0::10",
      "2606:4700::1111",
      "64:ff9b::8c52:7003",
    ];
    expect(PUBLIC.filter((address) => !passes(address))).toEqual([]);
    const PRIVATE = [
      ...["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.100.100.200"],
      ...["169.254.169.254", "169.254.20.10", "127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255"],
      ...["fd00:ec2::254", "fd12:3456::1", "fc00::1", "fe80::1", "ff02::1", "::1"],
      ...[
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::a00:1",
        "64:ff9b::ac1f:ffff",
        "64:ff9b::c0a8:1",
        "64:ff9b::6440:1",
        "64:ff9b:1::1",
      ],
    ];
    expect(PRIVATE.filter(passes)).toEqual([]);
  });
});

function add(list: BlockList, cidr: string): void {
  const [address = "", bits] = cidr.split("/");
  list.addSubnet(address, Number(bits), isIPv4(address) ? "ipv4" : "ipv6");
}

/** No bit is set behind the prefix: the API server warns of such, and newer ones refuse it. */
function isCanonical(cidr: string): boolean {
  const [address = "", bits] = cidr.split("/");
  const length = isIPv4(address) ? 32 : 128;
  return numberOf(address) % (1n << BigInt(length - Number(bits))) === 0n;
}

function numberOf(address: string): bigint {
  if (isIPv4(address)) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = "", tail = ""] = address.split("::");
  const [first, last] = [head, tail].map((part) => part.split(":").filter(Boolean));
  const zeros = Array<string>(8 - (first?.length ?? 0) - (last?.length ?? 0)).fill("0");
  return [...(first ?? []), ...zeros, ...(last ?? [])].reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n);
}
