{{- define "claude-k8s.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "claude-k8s.agentsNamespace" -}}
{{- .Values.agents.namespace | default .Release.Namespace -}}
{{- end }}

{{/* Not empty where agents run in Paperclip's own namespace. */}}
{{- define "claude-k8s.together" -}}
{{- if eq (include "claude-k8s.agentsNamespace" .) .Release.Namespace }}yes{{ end -}}
{{- end }}

{{/* To what the admission policies hold Paperclip's account: in JSON, whose objects and strings are CEL's as well. */}}
{{- define "claude-k8s.admission" -}}
{{- $accounts := .Values.admission.serviceAccounts | default (printf "default|%s" (regexQuoteMeta .Values.agents.serviceAccount)) -}}
{{- $settings := dict "admission.paperclip.io/service-accounts" $accounts -}}
{{- $_ := set $settings "admission.paperclip.io/user" (printf "system:serviceaccount:%s:%s" .Release.Namespace .Values.paperclip.serviceAccount) -}}
{{- range $name := list "images" "claims" "whole-claims" "egress" -}}
{{- $value := get $.Values.admission ($name | replace "-" "_" | camelcase | untitle) -}}
{{- $_ := set $settings (printf "admission.paperclip.io/%s" $name) $value -}}
{{- end -}}
{{- toJson $settings -}}
{{- end }}

{{- define "claude-k8s.apiUrl" -}}
{{- .Values.paperclip.apiUrl | default (printf "http://%s.%s.svc:%d" .Values.paperclip.name .Release.Namespace (int .Values.paperclip.port)) -}}
{{- end }}

{{/* Labels of the chart's own Paperclip. */}}
{{- define "claude-k8s.paperclipLabels" -}}
app.kubernetes.io/name: {{ .Values.paperclip.name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "claude-k8s.policy" -}}
{{- $defaults := dict "serviceAccountName" .Values.agents.serviceAccount -}}
{{- with .Values.agents.image }}{{ $_ := set $defaults "image" . }}{{ end -}}
{{- if .Values.agents.homeClaim.create }}{{ $_ := set $defaults "homeClaim" .Values.agents.homeClaim.name }}{{ end -}}
{{- $computed := dict "clusters" (dict "default" (dict "namespace" (include "claude-k8s.agentsNamespace" .))) "defaults" $defaults -}}
{{- /* A cluster that does not know the field drops it, and the adapter then starts no run. */ -}}
{{- if semverCompare ">=1.33.0-0" .Capabilities.KubeVersion.Version }}{{ $_ := set $computed "pod" (dict "supplementalGroupsPolicy" "Strict") }}{{ end -}}
{{- toYaml (mergeOverwrite $computed (deepCopy .Values.policy)) -}}
{{- end }}

{{/* What Paperclip's container needs to know: for the printed patch, and for the chart's own Paperclip. */}}
{{- define "claude-k8s.env" -}}
- name: PAPERCLIP_K8S_API_URL
  value: {{ include "claude-k8s.apiUrl" . | quote }}
- name: PAPERCLIP_K8S_POLICY
  value: /etc/paperclip-k8s/policy.yaml
{{- if .Values.metrics.enabled }}
- name: PAPERCLIP_K8S_METRICS
  value: "0.0.0.0:{{ int .Values.metrics.port }}"
{{- end }}
{{- end }}

{{- define "claude-k8s.metricsPort" -}}
- name: claude-metrics
  containerPort: {{ int .Values.metrics.port }}
{{- end }}

{{/* The folder, without a subPath: then a change of the ConfigMap holds for the next run. */}}
{{- define "claude-k8s.volumeMounts" -}}
- name: claude-k8s-policy
  mountPath: /etc/paperclip-k8s
  readOnly: true
{{- end }}

{{- define "claude-k8s.volumes" -}}
- name: claude-k8s-policy
  configMap:
    name: claude-k8s-policy
{{- end }}

{{- define "claude-k8s.restricted" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
{{- end }}
