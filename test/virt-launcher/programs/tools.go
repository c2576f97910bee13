//go:build tools

// Package tools pins KubeVirt's virt-launcher, which is built beside start-vm.
package tools

import (
	_ "kubevirt.io/kubevirt/cmd/virt-launcher"
)
