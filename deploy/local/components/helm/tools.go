//go:build tools

// Helm, for the tests of the chart; a module of its own, as it is written against its own Kubernetes.
package helm

import _ "helm.sh/helm/v4/cmd/helm"
