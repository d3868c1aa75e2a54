module testbed/helm4

go 1.26.0
