//go:build tools

// Package shim pins KubeVirt's sidecar-shim, which runs the hook in its image; a module of its own, so that nothing else
// decides its version.
package shim

import _ "kubevirt.io/kubevirt/cmd/sidecars"
