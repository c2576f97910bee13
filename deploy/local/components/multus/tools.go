//go:build tools

// Multus, for the end-to-end tests; a module of its own, as it is written against an older Kubernetes.
package multus

import _ "gopkg.in/k8snetworkplumbingwg/multus-cni.v4/cmd/multus"
