{{/* The chart has no manifests of its own: it takes those of deploy/base and deploy/components (files/ links to them) and
lays the values over them. So both ways install the same objects; test/e2e/chart.test.ts compares them. */}}

{{/* The text of a file, for the release's namespace. */}}
{{- define "mqtap.file" -}}
{{ .root.Files.Get (printf "files/%s" .name) | replace "mqtap-system" .root.Release.Namespace }}
{{- end }}

{{/* The name of an image, with registry and tag or digest. */}}
{{- define "mqtap.image" -}}
{{- $images := .root.Values.images }}
{{- with $images.registry }}{{ trimSuffix "/" . }}/{{ end }}{{ .image.name }}
{{- with .image.digest }}@{{ . }}{{ else }}:{{ $images.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{/* What a pod of ours takes from the values: image, resources, log level, where it may run. Changes "pod". */}}
{{- define "mqtap.pod" -}}
{{- $container := index .pod.containers 0 }}
{{- $_ := set $container "image" (include "mqtap.image" (dict "root" .root "image" .image)) }}
{{- $_ := set $container "imagePullPolicy" .root.Values.images.pullPolicy }}
{{- $_ := set $container "resources" .values.resources }}
{{- if ne .values.logLevel "info" }}
{{- $_ := set $container "args" (append $container.args (printf "--log-level=%s" .values.logLevel)) }}
{{- end }}
{{- with .root.Values.images.pullSecrets }}{{ $_ := set $.pod "imagePullSecrets" . }}{{ end }}
{{- $_ := set .pod "nodeSelector" (merge (dict) .values.nodeSelector .pod.nodeSelector) }}
{{- end }}
