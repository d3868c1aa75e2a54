module testbed/flux-crds

go 1.26.0

// The controllers of Flux 2.9.5. Nothing imports them and nothing of theirs is built (what they depend on does not
// pass Go's verification of checksums): only their kinds are read. `go mod tidy` would drop them.
require (
	github.com/fluxcd/helm-controller v1.6.4
	github.com/fluxcd/kustomize-controller v1.9.5
	github.com/fluxcd/source-controller v1.9.5
)
