{{/* What selects the pods of a component. Takes (dict "root" $ "name" "backend"). */}}
{{- define "momo-store.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* The labels of every object of a component. */}}
{{- define "momo-store.labels" -}}
{{ include "momo-store.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: {{ .root.Chart.Name }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* The image of a component. */}}
{{- define "momo-store.image" -}}
{{- $values := index .root.Values .name -}}
{{ .root.Values.registry }}/{{ .name }}:{{ $values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* A Service. Takes name, of, port and target as well. */}}
{{- define "momo-store.service" -}}
{{- $of := dict "root" .root "name" .of -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  labels:
    {{- include "momo-store.labels" $of | nindent 4 }}
spec:
  type: ClusterIP
  selector:
    {{- include "momo-store.selector" $of | nindent 4 }}
  ports:
  - name: {{ .target }}
    port: {{ .port }}
    targetPort: {{ .target }}
    protocol: TCP
{{- end }}

{{/* A Deployment. */}}
{{- define "momo-store.deployment" -}}
{{- $values := index .root.Values .name -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  labels:
    {{- include "momo-store.labels" . | nindent 4 }}
spec:
  replicas: {{ $values.replicas }}
  revisionHistoryLimit: 10
  selector:
    matchLabels:
      {{- include "momo-store.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "momo-store.selector" . | nindent 8 }}
        app.kubernetes.io/part-of: {{ .root.Chart.Name }}
    spec:
      terminationGracePeriodSeconds: 30
      containers:
      - name: {{ .name }}
        image: {{ include "momo-store.image" . }}
        imagePullPolicy: IfNotPresent
        ports:
        - name: http
          containerPort: 8080
          protocol: TCP
        - name: metrics
          containerPort: 9100
          protocol: TCP
        {{- if eq .name "backend" }}
        env:
        - name: DB_USER
          valueFrom:
            secretKeyRef:
              name: backend-db
              key: DB_USER
        - name: DB_PASSWORD
          valueFrom:
            secretKeyRef:
              name: backend-db
              key: DB_PASSWORD
        envFrom:
        - configMapRef:
            name: backend-env
        {{- end }}
        readinessProbe:
          httpGet:
            path: /healthz
            port: http
          periodSeconds: 5
        resources:
          {{- toYaml $values.resources | nindent 10 }}
{{- end }}
