{{- /* The release's name, short enough for every suffix. */ -}}
{{- define "shufa.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* The services that run, as a JSON list: what each says under `services` laid over the defaults, with its names. */ -}}
{{- define "shufa.services" -}}
{{- $fullname := include "shufa.fullname" . -}}
{{- $services := list -}}
{{- range $name, $own := .Values.services -}}
{{- if or (ne $name "portal") $.Values.portal.enabled -}}
{{- $service := mergeOverwrite (deepCopy $.Values.defaults) (deepCopy $own) (dict "name" $name "fullname" (printf "%s-%s" $fullname $name)) -}}
{{- $_ := set $service "existingSecret" (default $service.fullname $service.existingSecret) -}}
{{- $services = append $services $service -}}
{{- end -}}
{{- end -}}
{{- $services | toJson -}}
{{- end -}}

{{- /* By what a pod is found: (list $ component). */ -}}
{{- define "shufa.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "shufa.labels" -}}
{{- $root := index . 0 -}}
{{ include "shufa.selector" . }}
app.kubernetes.io/part-of: shufa
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- with $root.Values.shard.root }}
shufa/shard: {{ . }}
{{- end }}
{{- end -}}

{{- define "shufa.metadata" -}}
name: {{ printf "%s-%s" (include "shufa.fullname" (index . 0)) (index . 1) }}
namespace: {{ (index . 0).Release.Namespace }}
labels:
  {{- include "shufa.labels" . | nindent 2 }}
{{- end -}}

{{- define "shufa.image" -}}
{{- with .Values.image -}}
{{- .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end -}}
{{- end -}}
{{- end -}}

{{- /* What every container is made of, besides its name and what it runs. */ -}}
{{- define "shufa.container" -}}
image: {{ include "shufa.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{- /* What every pod says: who it runs as, and that it has no business with Kubernetes itself. */ -}}
{{- define "shufa.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- /* Environment variables with plain values: a dict. */ -}}
{{- define "shufa.plain" -}}
{{- range $variable, $value := . }}
- name: {{ $variable }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- /* Environment variables out of a secret: (list secret (dict variable key …)). */ -}}
{{- define "shufa.secret" -}}
{{- $secret := index . 0 -}}
{{- range $variable, $key := index . 1 }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: {{ $key }}}
{{- end }}
{{- end -}}

{{- /* How the other side's certificate is checked: libpq's words for the driver, OpenSSL's for NATS and the issuer. */ -}}
{{- define "shufa.trust" -}}
{{- $trust := dict "PGSSLMODE" .Values.database.sslMode -}}
{{- if .Values.trust.configMap -}}
{{- $trust = merge $trust (dict "PGSSLROOTCERT" "/etc/shufa/trust/ca.crt" "SSL_CERT_FILE" "/etc/shufa/trust/ca.crt") -}}
{{- else if hasPrefix "verify" .Values.database.sslMode -}}
{{- $trust = merge $trust (dict "PGSSLROOTCERT" "/etc/ssl/certs/ca-certificates.crt") -}}
{{- end -}}
{{- include "shufa.plain" $trust -}}
{{- end -}}

{{- define "shufa.trustMount" -}}
{{- if .Values.trust.configMap }}
- {name: trust, mountPath: /etc/shufa/trust, readOnly: true}
{{- end }}
{{- end -}}

{{- define "shufa.trustVolume" -}}
{{- with .Values.trust }}
{{- if .configMap }}
- name: trust
  configMap:
    name: {{ .configMap }}
    items: [{key: {{ .key | quote }}, path: ca.crt}]
{{- end }}
{{- end }}
{{- end -}}
