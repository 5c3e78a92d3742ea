{{- define "kvorum.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "kvorum.selector" -}}
app.kubernetes.io/name: kvorum-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "kvorum.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "kvorum.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "kvorum.serviceAccount" -}}
{{- default (include "kvorum.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "kvorum.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What the operator only looks at, what it writes, and nothing else. */}}
{{- define "kvorum.rules" -}}
# Read
- apiGroups: [kvorum.io]
  resources: [etcdclusters, etcdbackups, etcdbackupschedules, etcdbackupstores, etcdrestores]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods, persistentvolumeclaims, services, serviceaccounts]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch]
# Write
- apiGroups: [kvorum.io]
  resources: [etcdclusters]
  verbs: [create, update, patch]
- apiGroups: [kvorum.io]
  resources: [etcdbackups]
  verbs: [create, update, patch, delete]
- apiGroups: [kvorum.io]
  resources: [etcdbackupschedules, etcdrestores]
  verbs: [update, patch]
- apiGroups: [kvorum.io]
  resources:
    - etcdclusters/status
    - etcdclusters/finalizers
    - etcdbackups/status
    - etcdbackups/finalizers
    - etcdbackupschedules/status
    - etcdbackupschedules/finalizers
    - etcdrestores/status
    - etcdrestores/finalizers
  verbs: [update, patch]
- apiGroups: [""]
  resources: [services, serviceaccounts]
  verbs: [create, update, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [delete]
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [patch, delete]
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [create, update, patch, delete]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [create, update, patch, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
