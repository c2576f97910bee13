//go:build tools

// Package main pins the programs of KubeVirt that are built beside kubevirt-peer.
package main

import (
	_ "kubevirt.io/kubevirt/cmd/virt-chroot"
)
