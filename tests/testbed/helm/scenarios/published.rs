//! Charts as they are in use: six of others, and one of ours with much in it. Each is installed, upgraded with other values, and
//! rolled back.

use crate::helm::real::{ours, published};
use crate::helm::scene::Variant::{FourClient, FourServer, Mixed, Three};
use crate::helm::scene::{ALL, Scene, Variant};

/// Where the runs come one after the other, the fourth variant would only cost time.
const THREE_WAYS: &[Variant] = &[Three, FourClient, FourServer];

/// Two sets of values of a chart: those that it is installed with, and those that it is upgraded with.
type Values = [&'static str; 2];

fn of(file: &'static str, name: &'static str, variants: &'static [Variant], values: Values) -> Scene {
    let [before, after] = values.map(|values| published(file, values));
    Scene::new(53, name, variants).install(before).upgrade(after).to(1).goes_on()
}

/// Redis and the autoscaler come and go, the hooks of a rollback run, and a list of arguments gets shorter. The service account stays:
/// with Helm no pod would run any more where an account is gone back from, see number 32.
const PODINFO: Values = [
    "
replicaCount: 2
ui: {message: one}
extraArgs: [--cache-enabled, --random-delay]
extraEnvs:
- {name: FIRST, value: '1'}
- {name: SECOND, value: '2'}
hooks:
  preRollback: {job: {enabled: true}}
  postRollback: {job: {enabled: true}}
redis: {enabled: true}
podDisruptionBudget: {maxUnavailable: 1}
ingress: {enabled: true, className: none}
serviceAccount: {enabled: true, name: demo-podinfo}
",
    "
replicaCount: 1
ui: {message: two, color: '#ffffff'}
image: {tag: 6.14.0}
extraArgs: [--random-delay]
extraEnvs:
- {name: SECOND, value: two}
- {name: THIRD, value: '3'}
service: {type: NodePort, nodePort: null, annotations: {by: deckwatch}}
serviceAccount: {enabled: true, name: demo-podinfo, imagePullSecrets: [{name: pull}]}
hpa: {enabled: true, maxReplicas: 3, cpu: 90}
resources: {requests: {cpu: 2m}, limits: {memory: 64Mi}}
",
];

/// The claims of the StatefulSet find volumes: without one its pod would never run. A digest of a text with the namespace's name
/// stands in its pods' annotations.
const ALERTMANAGER: Values = [
    "
persistence: {storageClass: parity}
podDisruptionBudget: {maxUnavailable: 1}
ingress: {enabled: true, className: none}
",
    "
replicaCount: 2
image: {tag: v0.34.0}
persistence: {storageClass: parity}
extraArgs: {log.level: debug, data.retention: 24h}
service: {annotations: {by: deckwatch}, extraPorts: [{name: more, port: 9095, targetPort: 9095}]}
configmapReload: {enabled: true}
servicePerReplica: {enabled: true}
config:
  receivers: [{name: default-receiver}, {name: night, webhook_configs: [{url: 'http://night.example'}]}]
  route: {group_wait: 30s, routes: [{receiver: night, matchers: ['severity=page']}]}
templates: {page.tmpl: '{{ define \"page\" }}page{{ end }}'}
",
];

/// On two nodes of the testbed's hundred and twenty, which is enough, and not on their own network: the nodes are names only.
const NODE_EXPORTER: Values = [
    "
hostNetwork: false
affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [worker-001, worker-002]}]}]
networkPolicy: {enabled: true}
extraArgs: ['--collector.disable-defaults', '--collector.cpu']
",
    "
hostNetwork: false
affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [worker-002, worker-003]}]}]
image: {tag: v1.10.0}
kubeRBACProxy: {enabled: true}
extraArgs: ['--collector.cpu', '--collector.meminfo', '--collector.diskstats']
service: {port: 9101, targetPort: 9101, annotations: {by: deckwatch}}
podLabels: {team: metrics}
tolerations: [{operator: Exists}]
updateStrategy: {rollingUpdate: {maxUnavailable: 50%}}
",
];

/// It is nobody's default class, for others make Ingresses at the same time. Its definitions are the chart's `crds`, which Helm
/// never touches again; the routes of its pages are objects of them.
const TRAEFIK: Values = [
    "
ingressClass: {isDefaultClass: false}
ingressRoute: {dashboard: {enabled: true}, healthcheck: {enabled: true}}
podDisruptionBudget: {enabled: true, maxUnavailable: 1}
additionalArguments: [--ping.manualrouting=true]
",
    "
ingressClass: {isDefaultClass: false}
deployment: {replicas: 2, podAnnotations: {by: deckwatch}}
image: {tag: v3.6.0}
ingressRoute: {dashboard: {enabled: true, matchRule: 'Host(`traefik.example`)', entryPoints: [websecure]}}
ports: {web: {exposedPort: 8080}, metrics: {expose: {default: true}}}
providers: {file: {enabled: true, content: {http: {routers: {}}}}}
autoscaling: {enabled: false}
env: [{name: MORE, value: '1'}]
additionalArguments: [--log.level=DEBUG, --ping.manualrouting=true]
metrics: {prometheus: {service: {enabled: true}}}
",
];

/// The Jobs of its webhook run, as far as pods do here: nobody makes the certificate, so that the webhook is meant for namespaces
/// that there are none of. The second set is without the webhook.
const INGRESS_NGINX: Values = [
    "
controller:
  admissionWebhooks: {namespaceSelector: {matchLabels: {parity.example/nowhere: 'yes'}}}
  config: {use-gzip: 'true', keep-alive: '75'}
tcp: {'5432': demo/orders:5432}
",
    "
controller:
  admissionWebhooks: {enabled: false}
  replicaCount: 2
  image: {tag: v1.15.0, digest: ''}
  config: {keep-alive: '60', log-format-upstream: json}
  metrics: {enabled: true}
  autoscaling: {enabled: false}
  service: {annotations: {by: deckwatch}, internal: {enabled: true, annotations: {internal: 'true'}}}
  networkPolicy: {enabled: true}
  extraArgs: {v: '3'}
defaultBackend: {enabled: true}
tcp: {'5432': demo/orders:5432, '6379': demo/sessions:6379}
udp: {'53': demo/dns:53}
",
];

/// Its definitions are templates, and ask to be kept.
const ARGO_ROLLOUTS: Values = [
    "
controller: {replicas: 1, metrics: {enabled: true}}
notifications: {secret: {create: true, items: {token: one}}}
",
    "
controller:
  replicas: 2
  image: {tag: v1.8.3}
  extraArgs: [--rollout-threads=20]
  pdb: {enabled: true, maxUnavailable: 1}
dashboard: {enabled: true}
crdAnnotations: {by: deckwatch}
providerRBAC: {providers: {istio: false, apisix: false}}
notifications: {notifiers: {service.web: 'url: http://web.example'}}
",
];

/// All kinds of changes: parts, claims, crons, roles, Secrets come and go, lists get longer and shorter.
const MARKET: Values = [
    "",
    "
image: {tag: 3.2.0}
services:
  cart: {replicas: 2}
  catalog: {scaler: {most: 8, load: 60}}
  gateway: {args: [--upstream=catalog, --listen=:9443], port: 9443}
  reviews: {port: 8081, replicas: 1, env: {STARS: '5'}}
  search: null
  stock: {env: {STOCK_CACHE: null, STOCK_MODE: 'on', STOCK_SOURCE: shop}}
stores:
  orders: {replicas: 2, args: [-c, max_connections=200], exporter: registry.example/exporter:1}
claims:
  exports: {size: 100Mi, class: none}
secrets:
  database: {password: changed}
  mail: null
  payments: {key: k}
crons: {sweep: null, report: '0 5 1 1 *', prune: '30 2 1 1 *'}
seed: {version: 8, products: [bread, cheese, dates, eggs]}
ingress: {paths: [/, /reviews], annotations: {by: deckwatch}}
roles: {reader: [get, list], writer: [create, update]}
logs: {previous: true}
hooks: {note: second}
labels: {team: market}
",
];

/// Returns them.
pub fn all() -> Vec<Scene> {
    let [before, after] = MARKET.map(|values| ours("market", values));
    vec![
        of("podinfo-6.14.1.tgz", "podinfo", ALL, PODINFO).long().sampled(),
        of("alertmanager-1.42.0.tgz", "alertmanager", ALL, ALERTMANAGER)
            .claims(&["storage-demo-alertmanager-0", "storage-demo-alertmanager-1"])
            .in_turn(),
        of("prometheus-node-exporter-4.56.1.tgz", "prometheus-node-exporter", ALL, NODE_EXPORTER).in_turn(),
        of("traefik-41.3.0.tgz", "traefik", THREE_WAYS, TRAEFIK).in_turn(),
        of("ingress-nginx-4.15.1.tgz", "ingress-nginx", THREE_WAYS, INGRESS_NGINX).in_turn(),
        of("argo-rollouts-2.41.0.tgz", "argo-rollouts", THREE_WAYS, ARGO_ROLLOUTS).in_turn(),
        Scene::new(54, "a chart of more than sixty objects", &[FourServer, Three, FourClient, Mixed])
            .install(before)
            .upgrade(after)
            .claims(&["data-demo-orders-0", "data-demo-orders-1", "data-demo-sessions-0", "demo-uploads"])
            .to(1)
            .goes_on()
            .long()
            .sampled(),
    ]
}
