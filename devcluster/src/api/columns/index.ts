import { list, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import { AGE, type Column, NAME } from "./column.ts";
import { EVENT_COLUMNS } from "./event.ts";
import { JOB_COLUMNS } from "./job.ts";
import { POD_COLUMNS } from "./pod.ts";

const count = (value: unknown): number => Object.keys(plain(value)).length;

function nodeStatus({ status, spec }: KubeObject): string {
  const conditions = list(plain(status).conditions).map(plain);
  const ready = conditions.find(({ type }) => type === "Ready");
  const words = [ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"];
  if (plain(spec).unschedulable === true) words.push("SchedulingDisabled");
  return words.join(",");
}

function address({ status }: KubeObject, type: string): string {
  const found = list(plain(status).addresses)
    .map(plain)
    .find((it) => it.type === type);
  return String(found?.address ?? "<none>");
}

const nodeInfo =
  (field: string) =>
  ({ status }: KubeObject): string =>
    String(plain(plain(status).nodeInfo)[field] ?? "<unknown>");

const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

const modes = (value: unknown): string =>
  list(value)
    .map((mode) => MODES[String(mode)] ?? String(mode))
    .join(",");

function subjects({ subjects: all }: KubeObject, kind: string): string {
  return list(all)
    .map(plain)
    .filter((subject) => subject.kind === kind)
    .map(({ namespace, name }) => (kind === "ServiceAccount" ? `${namespace ?? ""}/${name}` : String(name)))
    .join(", ");
}

const CREATED_AT: Column = { name: "Created At", cell: ({ metadata }) => metadata.creationTimestamp };

const BINDING_COLUMNS: readonly Column[] = [
  NAME,
  { name: "Role", cell: ({ roleRef }) => `${plain(roleRef).kind}/${plain(roleRef).name}` },
  AGE,
  { name: "Users", wide: true, cell: (binding) => subjects(binding, "User") },
  { name: "Groups", wide: true, cell: (binding) => subjects(binding, "Group") },
  { name: "ServiceAccounts", wide: true, cell: (binding) => subjects(binding, "ServiceAccount") },
];

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  pods: POD_COLUMNS,
  jobs: JOB_COLUMNS,
  events: EVENT_COLUMNS,
  namespaces: [NAME, { name: "Status", cell: ({ status }) => String(plain(status).phase ?? "") }, AGE],
  nodes: [
    NAME,
    { name: "Status", cell: nodeStatus },
    { name: "Roles", cell: () => "<none>" },
    AGE,
    { name: "Version", cell: nodeInfo("kubeletVersion") },
    { name: "Internal-IP", wide: true, cell: (node) => address(node, "InternalIP") },
    { name: "External-IP", wide: true, cell: (node) => address(node, "ExternalIP") },
    { name: "OS-Image", wide: true, cell: nodeInfo("osImage") },
    { name: "Kernel-Version", wide: true, cell: nodeInfo("kernelVersion") },
    { name: "Container-Runtime", wide: true, cell: nodeInfo("containerRuntimeVersion") },
  ],
  storageclasses: [
    NAME,
    { name: "Provisioner", cell: ({ provisioner }) => String(provisioner ?? "") },
    { name: "ReclaimPolicy", cell: ({ reclaimPolicy }) => String(reclaimPolicy ?? "Delete") },
    { name: "VolumeBindingMode", cell: ({ volumeBindingMode }) => String(volumeBindingMode ?? "Immediate") },
    { name: "AllowVolumeExpansion", cell: ({ allowVolumeExpansion }) => String(allowVolumeExpansion ?? false) },
    AGE,
  ],
  secrets: [
    NAME,
    { name: "Type", cell: ({ type }) => String(type ?? "") },
    { name: "Data", type: "integer", cell: ({ data }) => count(data) },
    AGE,
  ],
  configmaps: [
    NAME,
    { name: "Data", type: "integer", cell: ({ data, binaryData }) => count(data) + count(binaryData) },
    AGE,
  ],
  serviceaccounts: [NAME, { name: "Secrets", type: "integer", cell: ({ secrets }) => list(secrets).length }, AGE],
  leases: [NAME, { name: "Holder", cell: ({ spec }) => String(plain(spec).holderIdentity ?? "") }, AGE],
  persistentvolumeclaims: [
    NAME,
    { name: "Status", cell: ({ status }) => String(plain(status).phase ?? "") },
    { name: "Volume", cell: ({ spec }) => String(plain(spec).volumeName ?? "") },
    { name: "Capacity", cell: ({ status }) => String(plain(plain(status).capacity).storage ?? "") },
    { name: "Access Modes", cell: ({ status }) => modes(plain(status).accessModes) },
    { name: "StorageClass", cell: ({ spec }) => String(plain(spec).storageClassName ?? "") },
    AGE,
    { name: "VolumeMode", wide: true, cell: ({ spec }) => String(plain(spec).volumeMode ?? "<unset>") },
  ],
  roles: [NAME, CREATED_AT],
  clusterroles: [NAME, CREATED_AT],
  rolebindings: BINDING_COLUMNS,
  clusterrolebindings: BINDING_COLUMNS,
};

export function columnsOf(resource: string): readonly Column[] {
  return COLUMNS[resource] ?? [NAME, AGE];
}
