{{/* Every helper takes a dict: root (the chart's context), component (backend or frontend). */}}

{{- define "rag.name" -}}
{{ .root.Release.Name }}-{{ .component }}
{{- end }}

{{- define "rag.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "rag.labels" -}}
{{ include "rag.selector" . }}
app.kubernetes.io/part-of: {{ .root.Chart.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "rag.version" -}}
{{ (index .root.Values .component).image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "rag.image" -}}
{{- with (index .root.Values .component).image -}}
{{ .repository }}@{{ .digest }}
{{- end -}}
{{- end }}

{{/* Name of the ConfigMap with the certificate authorities; empty without one. */}}
{{- define "rag.caConfigMap" -}}
{{- with .root.Values.caBundle -}}
{{- if .existingConfigMap -}}
{{ .existingConfigMap }}
{{- else if .pem -}}
{{ $.root.Release.Name }}-ca-bundle
{{- end -}}
{{- end -}}
{{- end }}

{{- define "rag.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Body of a Deployment's metadata: what is recorded without restarting a pod. */}}
{{- define "rag.deploymentMetadata" -}}
name: {{ include "rag.name" . }}
labels:
  {{- include "rag.labels" . | nindent 2 }}
  app.kubernetes.io/version: {{ include "rag.version" . | quote }}
{{- if or .root.Values.chartChecksum .root.Values.retryOfRevision }}
annotations:
  {{- with .root.Values.chartChecksum }}
  ragops.platform/chart-checksum: {{ . | quote }}
  {{- end }}
  {{- with .root.Values.retryOfRevision }}
  ragops.platform/retry-of-revision: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/* What the spec of both Deployments has in common, up to the pod template. */}}
{{- define "rag.deploymentSpec" -}}
{{- $values := index .root.Values .component -}}
{{- if not $values.autoscaling.enabled }}
replicas: {{ $values.replicas }}
{{- end }}
revisionHistoryLimit: 5
progressDeadlineSeconds: 300
strategy:
  type: RollingUpdate
  rollingUpdate:
    maxUnavailable: 0
    maxSurge: 1
selector:
  matchLabels:
    {{- include "rag.selector" . | nindent 4 }}
{{- end }}

{{/* What the spec of both pods has in common, beside containers and volumes. */}}
{{- define "rag.podSpec" -}}
{{- $values := index .root.Values .component -}}
serviceAccountName: {{ include "rag.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- if $values.topologySpread.enabled }}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: {{ $values.topologySpread.maxSkew }}
    topologyKey: {{ . }}
    whenUnsatisfiable: {{ $values.topologySpread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "rag.selector" $ | nindent 8 }}
    # Old pods of a rolling update don't count.
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Probes and shutdown; takes also live and ready, the paths. */}}
{{- define "rag.probes" -}}
{{- $values := index .root.Values .component -}}
startupProbe:
  httpGet: {path: {{ .live }}, port: http}
  {{- toYaml $values.probes.startup | nindent 2 }}
livenessProbe:
  httpGet: {path: {{ .live }}, port: http}
  {{- toYaml $values.probes.liveness | nindent 2 }}
readinessProbe:
  httpGet: {path: {{ .ready }}, port: http}
  {{- toYaml $values.probes.readiness | nindent 2 }}
{{- if $values.preStopSleepSeconds }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ $values.preStopSleepSeconds }}
{{- end }}
{{- end }}

{{- define "rag.volumeMounts" -}}
{{- $values := index .root.Values .component -}}
{{- range $number, $path := $values.writableDirs }}
- name: writable-{{ $number }}
  mountPath: {{ $path }}
{{- end }}
{{- if and (eq .component "backend") (include "rag.caConfigMap" .) }}
- name: ca-bundle
  mountPath: /etc/rag/ca
  readOnly: true
{{- end }}
{{- end }}

{{- define "rag.volumes" -}}
{{- $values := index .root.Values .component -}}
{{- range $number, $path := $values.writableDirs }}
- name: writable-{{ $number }}
  emptyDir: {}
{{- end }}
{{- if and (eq .component "backend") (include "rag.caConfigMap" .) }}
- name: ca-bundle
  configMap:
    name: {{ include "rag.caConfigMap" . }}
    items:
      - key: {{ .root.Values.caBundle.key }}
        path: ca.crt
{{- end }}
{{- end }}

{{/* Environment of the backend's containers. */}}
{{- define "rag.backendEnvironment" -}}
envFrom:
  - configMapRef:
      name: {{ include "rag.name" . }}
  {{- with .root.Values.backend.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
env:
  {{- range $key, $optional := dict "DATABASE_URL" false "REDIS_URL" false "MILVUS_TOKEN" true "OPENAI_API_KEY" true }}
  - name: {{ $key }}
    valueFrom:
      secretKeyRef:
        name: {{ $.root.Values.existingSecret }}
        key: {{ $key }}
        optional: {{ $optional }}
  {{- end }}
  {{- if include "rag.caConfigMap" . }}
  - name: SSL_CERT_FILE
    value: /etc/rag/ca/ca.crt
  {{- end }}
  {{- with .root.Values.backend.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
