module testbed/kube-state-metrics

go 1.26.0
