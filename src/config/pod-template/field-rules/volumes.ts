/** Volumes, and the files in them. */
import { between, both, each, type FieldRules, never, oneOf, text } from "./field-rule.ts";
import { dataKey, label, NEWER, notEmpty, pullPolicy, relative, subdomain } from "./values.ts";

const mode = between(0, 0o777);
const filePath = both(notEmpty, relative);
const EPHEMERAL = never("a volume that lives with the pod is empty at first");

export const VOLUME_RULES: FieldRules = {
  Volume: { name: label },
  SecretVolumeSource: { secretName: subdomain, defaultMode: mode },
  ConfigMapVolumeSource: { name: subdomain, defaultMode: mode },
  ProjectedVolumeSource: { defaultMode: mode },
  SecretProjection: { name: subdomain },
  ConfigMapProjection: { name: subdomain },
  DownwardAPIVolumeSource: { defaultMode: mode },
  DownwardAPIVolumeFile: { path: filePath, mode },
  KeyToPath: { key: dataKey, path: filePath, mode },
  ServiceAccountTokenProjection: { path: filePath, expirationSeconds: between(600, 2 ** 32) },
  EmptyDirVolumeSource: {
    medium: oneOf("", "Memory"),
  },
  PersistentVolumeClaimVolumeSource: { claimName: subdomain },
  CSIVolumeSource: {
    driver: text(
      (name) => name.length <= 63 && /^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/.test(name),
      "is no name of a driver",
    ),
  },
  ImageVolumeSource: { reference: notEmpty, pullPolicy },
  VolumeProjection: { clusterTrustBundle: NEWER, podCertificate: NEWER },
  PersistentVolumeClaimSpec: {
    accessModes: both(
      (value) => ((value as unknown[]).length > 0 ? null : "is empty"),
      each(oneOf("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")),
    ),
    dataSource: EPHEMERAL,
    dataSourceRef: EPHEMERAL,
    selector: EPHEMERAL,
    volumeName: EPHEMERAL,
    volumeAttributesClassName: EPHEMERAL,
    storageClassName: subdomain,
    volumeMode: oneOf("Filesystem"),
  },
};
