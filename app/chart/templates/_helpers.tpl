{{/* Every helper takes a dict: root (the chart's context), component (backend, worker or frontend). */}}

{{/* The component whose image, environment, secrets and service account a component has. */}}
{{- define "rag.program" -}}
{{ ternary "backend" .component (eq .component "worker") }}
{{- end }}

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

{{/* Name, namespace and labels of an object. */}}
{{- define "rag.metadata" -}}
name: {{ include "rag.name" . }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "rag.labels" . | nindent 2 }}
{{- end }}

{{/* Labels that all pods of the release have, and no others. */}}
{{- define "rag.releaseSelector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "rag.version" -}}
{{ (index .root.Values (include "rag.program" .)).image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "rag.image" -}}
{{- with (index .root.Values (include "rag.program" .)).image -}}
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

{{/* Peers of a NetworkPolicy from cidrs, each without except. An empty list would mean every
address, so with what (the question to ask) it is refused. */}}
{{- define "rag.ipBlocks" -}}
{{- if and .what (not .cidrs) }}
{{- fail .what }}
{{- end }}
{{- range .cidrs }}
- ipBlock:
    cidr: {{ . }}
    {{- with $.except }}
    except: {{ toJson . }}
    {{- end }}
{{- end }}
{{- end }}

{{/* Whether the load balancer sends requests to the component; empty: no. */}}
{{- define "rag.exposed" -}}
{{- if and .root.Values.ingress.enabled (or (eq .component "frontend") .root.Values.ingress.apiPaths) -}}
yes
{{- end -}}
{{- end }}

{{/* Seconds that a stopping pod sleeps before SIGTERM. With an Ingress the same for both parts,
  whatever its paths are: pods that a change of the paths made would get a readiness gate of the
  target group that it takes away, which then never opens. */}}
{{- define "rag.preStopSeconds" -}}
{{- $seconds := (index .root.Values .component).preStopSleepSeconds -}}
{{- if .root.Values.ingress.enabled -}}
{{- $seconds = max $seconds .root.Values.ingress.preStopSleepSeconds -}}
{{- end -}}
{{ int $seconds }}
{{- end }}

{{/* Seconds after which a stopping pod is killed: what it may take, and five to spare. */}}
{{- define "rag.graceSeconds" -}}
{{- $values := index .root.Values .component -}}
{{- if eq .component "worker" -}}
{{ add (int $values.stopSeconds) 5 }}
{{- else -}}
{{ add (include "rag.preStopSeconds" . | int) (int $values.drainSeconds) (int $values.requestSeconds) 5 }}
{{- end -}}
{{- end }}

{{/* Seconds that an idle connection stays open: longer than the load balancer keeps it. */}}
{{- define "rag.keepAliveSeconds" -}}
{{ add (int .root.Values.ingress.idleTimeoutSeconds) 10 }}
{{- end }}

{{/* A duration as Go writes it: 1m is 1m0s, 90m is 1h30m0s. */}}
{{- define "rag.duration" -}}
{{- $seconds := 0 -}}
{{- range regexFindAll "[0-9]+[hms]" . -1 -}}
{{- $unit := regexFind "[hms]" . -}}
{{- $seconds = add $seconds (mul (trimSuffix $unit . | atoi) (get (dict "h" 3600 "m" 60 "s" 1) $unit)) -}}
{{- end -}}
{{ duration $seconds }}
{{- end }}

{{/* Name of the Secret with the backend's secrets. */}}
{{- define "rag.secretName" -}}
{{- if .root.Values.externalSecrets.enabled -}}
{{ .root.Release.Name }}-backend
{{- else -}}
{{ required "existingSecret: which Secret has DATABASE_URL and REDIS_URL (or externalSecrets.enabled)?" .root.Values.existingSecret }}
{{- end -}}
{{- end }}

{{/* Name of the Secret with the owner's login, for the migration; empty: it has the backend's. */}}
{{- define "rag.ownerSecretName" -}}
{{- if .root.Values.externalSecrets.enabled -}}
{{- if .root.Values.externalSecrets.database.ownerCredentials -}}
{{ .root.Release.Name }}-owner
{{- end -}}
{{- else -}}
{{ .root.Values.existingOwnerSecret }}
{{- end -}}
{{- end }}

{{- define "rag.priorityClassName" -}}
{{- if .root.Values.priorityClass.create -}}
{{ .root.Release.Namespace }}-{{ .root.Release.Name }}
{{- else -}}
{{ .root.Values.priorityClass.name }}
{{- end -}}
{{- end }}

{{/* Affinity of a component: to nodes of its capacity type, and what the values say beside it. */}}
{{- define "rag.affinity" -}}
{{- $values := index .root.Values .component -}}
{{- $affinity := dict -}}
{{- with $values.capacity -}}
{{- if ne .mode "any" -}}
{{- $required := list -}}
{{- $preferred := list -}}
{{- range prepend (.others | default list) . -}}
{{- $term := dict "matchExpressions" (list (dict "key" .label "operator" "In" "values" (list .type))) -}}
{{- $required = append $required $term -}}
{{- $preferred = append $preferred (dict "weight" 100 "preference" $term) -}}
{{- end -}}
{{- if eq .mode "required" -}}
{{- $affinity = dict "nodeAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" $required)) -}}
{{- else -}}
{{- $affinity = dict "nodeAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" $preferred) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with mergeOverwrite $affinity (deepCopy $values.affinity) -}}
{{- toYaml . -}}
{{- end -}}
{{- end }}

{{/* Body of a Deployment's metadata: what is recorded without restarting a pod. */}}
{{- define "rag.deploymentMetadata" -}}
{{ include "rag.metadata" . }}
  app.kubernetes.io/version: {{ include "rag.version" . | quote }}
{{- with .root.Values.chartChecksum }}
annotations:
  ragops.platform/chart-checksum: {{ . | quote }}
{{- end }}
{{- end }}

{{/* What the spec of all Deployments has in common, up to the pod template. */}}
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

{{/* What the spec of all pods has in common, beside containers and volumes. */}}
{{- define "rag.podSpec" -}}
{{- $values := index .root.Values .component -}}
serviceAccountName: {{ .root.Release.Name }}-{{ include "rag.program" . }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ include "rag.graceSeconds" . }}
{{- with include "rag.priorityClassName" . }}
priorityClassName: {{ . }}
{{- end }}
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
{{- with include "rag.affinity" . }}
affinity:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Probes and shutdown; takes also live and ready, the paths. Nobody sends requests to the worker. */}}
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
{{- if ne .component "worker" }}
{{- with include "rag.preStopSeconds" . | int }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "rag.volumeMounts" -}}
{{- $values := index .root.Values .component -}}
{{- range $number, $path := $values.writableDirs }}
- name: writable-{{ $number }}
  mountPath: {{ $path }}
{{- end }}
{{- if eq (include "rag.program" .) "backend" }}
- name: {{ .secrets | default "secrets" }}
  mountPath: /etc/rag/secrets
  readOnly: true
{{- if include "rag.caConfigMap" . }}
- name: ca-bundle
  mountPath: /etc/rag/ca
  readOnly: true
{{- end }}
{{- if (.embeddings | default .root.Values.embeddings).volume }}
- name: models
  mountPath: /etc/rag/models
  readOnly: true
{{- end }}
{{- end }}
{{- end }}

{{- define "rag.volumes" -}}
{{- $values := index .root.Values .component -}}
{{- range $number, $path := $values.writableDirs }}
- name: writable-{{ $number }}
  emptyDir: {}
{{- end }}
{{- if eq (include "rag.program" .) "backend" }}
# Files, not environment: they follow the Secret, and no child process inherits them.
- name: secrets
  secret:
    secretName: {{ include "rag.secretName" . }}
    defaultMode: 0440
{{- if and (eq .component "backend") .root.Values.backend.migrate.enabled (include "rag.ownerSecretName" .) }}
# Mounted by the migration alone, which ends before the backend begins.
- name: owner
  secret:
    secretName: {{ include "rag.ownerSecretName" . }}
    defaultMode: 0440
{{- end }}
{{- if include "rag.caConfigMap" . }}
- name: ca-bundle
  configMap:
    name: {{ include "rag.caConfigMap" . }}
    items:
      - key: {{ .root.Values.caBundle.key }}
        path: ca.crt
{{- end }}
{{- with (.embeddings | default .root.Values.embeddings).volume }}
- name: models
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* Environment of the containers that run the backend's image. */}}
{{- define "rag.backendEnvironment" -}}
envFrom:
  - configMapRef:
      name: {{ .root.Release.Name }}-backend
  {{- with .root.Values.backend.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
env:
  - name: SECRETS_DIR
    value: /etc/rag/secrets
  {{- if include "rag.caConfigMap" . }}
  - name: SSL_CERT_FILE
    value: /etc/rag/ca/ca.crt
  {{- end }}
  {{- with .root.Values.backend.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Variables of an embedding model; takes the values of `embeddings`. */}}
{{- define "rag.embeddings" -}}
EMBEDDINGS: {{ .provider }}
EMBEDDING_MODEL: {{ .model | default "" | quote }}
EMBEDDING_DIMENSION: {{ .dimension | default "" | toString | quote }}
EMBEDDING_BASE_URL: {{ .baseUrl | default "" | quote }}
EMBEDDING_QUESTION_PREFIX: {{ .questionPrefix | default "" | quote }}
EMBEDDING_PASSAGE_PREFIX: {{ .passagePrefix | default "" | quote }}
EMBEDDING_LANGUAGES: {{ .languages | default "" | quote }}
EMBEDDING_FOLDER: {{ ternary (printf "/etc/rag/models/%s" (.folder | default "")) "" (eq .provider "onnx") | quote }}
{{- end }}

{{/* What restarts the pods that run the backend's image. */}}
{{- define "rag.restarts" -}}
# A change of what is read at start restarts the pods.
checksum/config: {{ include (print .root.Template.BasePath "/configmap.yaml") .root | sha256sum }}
{{- if .root.Values.externalSecrets.enabled }}
ragops.platform/secret-revision: {{ .root.Values.externalSecrets | toJson | sha256sum | trunc 16 | quote }}
{{- else if .root.Values.existingSecretRevision }}
ragops.platform/secret-revision: {{ .root.Values.existingSecretRevision | quote }}
{{- end }}
{{- with (index .root.Values .component).podAnnotations }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}

{{/* Where each part sends its traces, by variable. */}}
{{- define "rag.traces" -}}
{{- with .Values.observability }}
{{- if .otlpEndpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ .otlpEndpoint | quote }}
OTEL_TRACES_SAMPLER: {{ .sampler | quote }}
OTEL_TRACES_SAMPLER_ARG: {{ .samplerArg | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The way to the collector of traces, if there is one. */}}
{{- define "rag.collectorEgress" -}}
{{- if .Values.observability.otlpEndpoint }}
{{- with .Values.networkPolicy.collector }}
# The collector: traces.
- to:
    {{- if .namespace }}
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .namespace }}
      {{- with .podLabels }}
      podSelector:
        matchLabels:
          {{- toYaml . | nindent 10 }}
      {{- end }}
    {{- with include "rag.ipBlocks" (dict "cidrs" .cidrs) | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- else }}
    {{- include "rag.ipBlocks" (dict "cidrs" .cidrs "what" "networkPolicy.collector: where is the collector (namespace and podLabels, or cidrs)?") | trim | nindent 4 }}
    {{- end }}
  ports:
    - {protocol: TCP, port: {{ .port }}}
{{- end }}
{{- end }}
{{- end }}

{{/* Where people reach the pages at which they sign in. */}}
{{- define "rag.pagesUrl" -}}
{{- $values := .root.Values -}}
{{- if $values.auth.oidc.pagesUrl -}}
{{ $values.auth.oidc.pagesUrl }}
{{- else if and $values.ingress.enabled $values.ingress.certificateArn -}}
https://{{ $values.ingress.host }}
{{- else -}}
{{- fail "auth.oidc.pagesUrl: where do people reach the pages (without an ingress that has a certificate)?" -}}
{{- end -}}
{{- end }}

{{/* Where the backend's program may go: its stores, AWS and OpenAI. */}}
{{- define "rag.backendEgress" -}}
{{- $values := .root.Values -}}
{{- with $values.networkPolicy }}
# PostgreSQL: documents, passages, and what exists.
- to:
    {{- include "rag.ipBlocks" (dict "cidrs" .postgres.cidrs "what" "networkPolicy.postgres.cidrs: where is PostgreSQL?") | trim | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .postgres.port }}}
# Redis: answers that were given before.
- to:
    {{- include "rag.ipBlocks" (dict "cidrs" .redis.cidrs "what" "networkPolicy.redis.cidrs: where is Redis?") | trim | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .redis.port }}}
# Milvus: vectors.
- to:
    {{- if .milvus.namespace }}
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .milvus.namespace }}
      {{- with .milvus.podLabels }}
      podSelector:
        matchLabels:
          {{- toYaml . | nindent 10 }}
      {{- end }}
    {{- with include "rag.ipBlocks" (dict "cidrs" .milvus.cidrs) | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- else }}
    {{- include "rag.ipBlocks" (dict "cidrs" .milvus.cidrs "what" "networkPolicy.milvus: where is Milvus (namespace and podLabels, or cidrs)?") | trim | nindent 4 }}
    {{- end }}
  ports:
    - {protocol: TCP, port: {{ .milvus.port }}}
{{- if or .models.namespace .models.cidrs }}
# Servers of models: vectors, the order of passages, and answers.
- to:
    {{- if .models.namespace }}
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .models.namespace }}
      {{- with .models.podLabels }}
      podSelector:
        matchLabels:
          {{- toYaml . | nindent 10 }}
      {{- end }}
    {{- end }}
    {{- with include "rag.ipBlocks" (dict "cidrs" .models.cidrs) | trim }}
    {{- . | nindent 4 }}
    {{- end }}
  ports:
    - {protocol: TCP, port: {{ .models.port }}}
{{- end }}
{{- range list .aws .https }}
{{- if .cidrs }}
# {{ if hasKey . "except" }}OpenAI, the issuer of sign-ins, and AWS's APIs without an endpoint: public addresses{{ else }}AWS's APIs (S3, STS), by endpoints{{ end }}.
- to:
    {{- include "rag.ipBlocks" . | trim | nindent 4 }}
  ports:
    - {protocol: TCP, port: 443}
{{- end }}
{{- end }}
{{- if .podIdentityAgent }}
# The node's EKS Pod Identity agent, which gives the pod its role.
- to:
    - ipBlock: {cidr: 169.254.170.23/32}
  ports:
    - {protocol: TCP, port: 80}
{{- end }}
{{- end }}
{{- with include "rag.collectorEgress" .root | trim }}
{{- . | nindent 0 }}
{{- end }}
{{- with $values.backend.extraEgress }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}

{{/* Where files are fetched from by their URLs: public addresses, and the networks that are listed. */}}
{{- define "rag.importEgress" -}}
{{- $values := .root.Values -}}
{{- with $values.imports.urls }}
{{- if .enabled }}
# Files by their URLs; the program checks each address, too.
- to:
    {{- include "rag.ipBlocks" (dict "cidrs" (list "0.0.0.0/0") "except" $values.networkPolicy.https.except) | trim | nindent 4 }}
    {{- range .allowedHosts }}
    {{- if contains "/" . }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
    {{- end }}
  ports:
    - {protocol: TCP, port: 443}
    {{- if .http }}
    - {protocol: TCP, port: 80}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
