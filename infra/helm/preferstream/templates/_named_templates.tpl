{{/* Names, labels and settings that all pods share. */}}

{{- define "preferstream.name" -}}
{{- printf "%s-%s" .Release.Name "preferstream" | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "preferstream.labels" -}}
app.kubernetes.io/name: preferstream
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "preferstream.selector" -}}
app.kubernetes.io/name: preferstream
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "preferstream.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "preferstream.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "preferstream.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "preferstream.secretName" -}}
{{- .Values.secret.existing | default (printf "%s-settings" (include "preferstream.name" .)) -}}
{{- end -}}

{{- define "preferstream.modelsClaim" -}}
{{- .Values.models.existingClaim | default (printf "%s-models" (include "preferstream.name" .)) -}}
{{- end -}}

{{- define "preferstream.trainingJobsClaim" -}}
{{- .Values.training.storage.existingClaim | default (printf "%s-training-jobs" (include "preferstream.name" .)) -}}
{{- end -}}

{{/* The spec of a claim for a volume that several pods mount. */}}
{{- define "preferstream.storage" -}}
accessModes: {{- toYaml .accessModes | nindent 2 }}
{{- with .storageClass }}
storageClassName: {{ . }}
{{- end }}
resources: {requests: {storage: {{ .size }}}}
{{- end -}}

{{/* Variables of every pod: the ConfigMap, then the Secret, which overrides it. */}}
{{- define "preferstream.variables" -}}
- configMapRef: {name: {{ include "preferstream.name" . }}-settings}
{{- if or .Values.secret.existing .Values.secret.values }}
- secretRef: {name: {{ include "preferstream.secretName" . }}}
{{- end }}
{{- end -}}

{{/* Requests and limits. GPUs are a limit: Kubernetes requests the same number. */}}
{{- define "preferstream.resources" -}}
{{- $given := deepCopy .resources -}}
{{- if gt (int (default 0 .gpu.count)) 0 -}}
{{- $gpu := dict (default "nvidia.com/gpu" .gpu.resource) (toString .gpu.count) -}}
{{- $_ := set $given "limits" (merge (default dict $given.limits) $gpu) -}}
{{- end -}}
{{ toYaml $given }}
{{- end -}}
