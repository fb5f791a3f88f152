{{- /* The environment of a service: (list $ service). Every name is a field of shared.runtime.settings, of the portal's
       own settings, or libpq's and OpenSSL's. */ -}}
{{- define "shufa.env" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- with $root.Values }}
{{- include "shufa.plain" (dict
      "SHUFA_SERVICE" $service.name
      "SHUFA_HOST" "0.0.0.0"
      "SHUFA_PORT" .http.port
      "SHUFA_LOG_LEVEL" $service.logLevel
      "SHUFA_ISSUER" .issuer.url
      "SHUFA_JWKS_URL" .issuer.jwksUrl
      "SHUFA_TOKEN_URL" .issuer.tokenUrl
      "SHUFA_AUDIENCE" .issuer.audience
      "SHUFA_GRANTS_CLAIM" .issuer.grantsClaim
      "SHUFA_ALGORITHMS" (toJson .issuer.algorithms)
      "SHUFA_SEAL_KEY" "/etc/shufa/seal/key.pem"
      "SHUFA_ROOTS" "/var/lib/shufa/roots") }}
{{- include "shufa.secret" (list $service.existingSecret (dict
      "SHUFA_DATABASE_URL" "database-url"
      "SHUFA_RELAY_DATABASE_URL" "relay-database-url"
      "SHUFA_NATS_URL" "nats-url"
      "SHUFA_CLIENT_ID" "client-id"
      "SHUFA_CLIENT_SECRET" "client-secret")) }}
{{- include "shufa.trust" $root }}
{{- with .tracing.otlpUrl }}
{{- include "shufa.plain" (dict "SHUFA_OTLP_URL" .) }}
{{- end }}
{{- if eq $service.name "portal" }}
{{- $portal := dict "SHUFA_PUBLIC_URL" (printf "https://%s" .portal.host) }}
{{- range include "shufa.services" $root | fromJsonArray }}
{{- if ne .name "portal" }}
{{- $_ := set $portal (printf "SHUFA_%s_URL" (upper .name)) (include "shufa.address" (list $root .)) }}
{{- end }}
{{- end }}
{{- include "shufa.plain" $portal }}
{{- $secrets := dict "SHUFA_SIGNIN_KEY" "signin-key" }}
{{- if .portal.smtp }}{{ $_ := set $secrets "SHUFA_SMTP_URL" "smtp-url" }}{{ end }}
{{- include "shufa.secret" (list $service.existingSecret $secrets) }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Where a service is found inside the cluster: (list $ service). */ -}}
{{- define "shufa.address" -}}
{{- $root := index . 0 -}}
http://{{ (index . 1).fullname }}.{{ $root.Release.Namespace }}:{{ $root.Values.http.port }}
{{- end -}}
