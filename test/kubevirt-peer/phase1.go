// Phase 1 of KubeVirt's network setup as virt-handler runs it: enters the launcher's namespace by its pid and makes or
// adopts bridges and taps there.

package main

import (
	v1 "kubevirt.io/api/core/v1"

	"kubevirt.io/kubevirt/pkg/network/netns"
	network "kubevirt.io/kubevirt/pkg/network/setup"
	"kubevirt.io/kubevirt/pkg/network/setup/netpod"
)

type phase1Request struct {
	VMI *v1.VirtualMachineInstance `json:"vmi"`
	// Pid of a process in the pod's network namespace.
	Pid int `json:"pid"`
}

type phase1Reply struct {
	Done bool `json:"done"`
}

func phase1(request *phase1Request) (*phase1Reply, error) {
	enter := func(pid int) network.NSExecutor { return netns.New(pid) }
	setup := network.NewNetConfWithCustomFactoryAndConfigState(
		enter, memoryCache{}, map[string]*netpod.State{}, cluster{})
	if err := setup.Setup(request.VMI, request.VMI.Spec.Networks, request.Pid); err != nil {
		return nil, err
	}
	return &phase1Reply{Done: true}, nil
}

// cluster is the part of the KubeVirt CR that phase 1 asks for.
type cluster struct{}

func (cluster) GetNetworkBindings() map[string]v1.InterfaceBindingPlugin { return bindingPlugins }
func (cluster) PortRangesSpecGateEnabled() bool                          { return false }
