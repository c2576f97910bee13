// How many queues KubeVirt opens for each interface of a VMI: on the tap, as virt-handler's phase 1 asks for it, and in
// the domain, as virt-launcher's converter writes it.

package main

import (
	v1 "kubevirt.io/api/core/v1"

	"kubevirt.io/kubevirt/pkg/network/cache"
	"kubevirt.io/kubevirt/pkg/network/driver/nmstate"
	"kubevirt.io/kubevirt/pkg/network/namescheme"
	"kubevirt.io/kubevirt/pkg/network/setup/netpod"
	"kubevirt.io/kubevirt/pkg/util"
	"kubevirt.io/kubevirt/pkg/virt-launcher/virtwrap/api"
	converternet "kubevirt.io/kubevirt/pkg/virt-launcher/virtwrap/converter/network"
	"kubevirt.io/kubevirt/pkg/virt-launcher/virtwrap/converter/vcpu"
	"kubevirt.io/kubevirt/pkg/vmitrait"
)

type queuesReply struct {
	Sockets  uint32 `json:"sockets"`
	Cores    uint32 `json:"cores"`
	Threads  uint32 `json:"threads"`
	VCPUs    uint32 `json:"vcpus"`
	Capacity uint32 `json:"capacity"`
	// Owner of the taps, user and group.
	Owner int `json:"owner"`
	// Taps has the Queues of each tap that phase 1 would make, by the network's name.
	Taps map[string]int `json:"taps"`
	// Domain has the queues of each interface of the domain, 0 where its driver names none.
	Domain map[string]uint `json:"domain"`
}

func queuesOf(vmi *v1.VirtualMachineInstance) (*queuesReply, error) {
	topology := vcpu.GetCPUTopology(vmi)
	reply := &queuesReply{
		Sockets:  topology.Sockets,
		Cores:    topology.Cores,
		Threads:  topology.Threads,
		VCPUs:    vcpu.CalculateRequestedVCPUs(topology),
		Capacity: converternet.NetworkQueuesCapacity(vmi),
	}
	if vmitrait.IsNonRoot(vmi) {
		reply.Owner = util.NonRootUID
	}
	var err error
	if reply.Taps, err = tapQueues(vmi, int(reply.Capacity)); err != nil {
		return nil, err
	}
	reply.Domain, err = domainQueues(vmi)
	return reply, err
}

// tapQueues runs phase 1 over a pod that only exists on paper and reads the taps it asks for.
func tapQueues(vmi *v1.VirtualMachineInstance, capacity int) (map[string]int, error) {
	names := namescheme.UpdatePrimaryPodIfaceNameFromVMIStatus(
		namescheme.CreateHashedNetworkNameScheme(vmi.Spec.Networks), vmi.Spec.Networks, vmi.Status.Interfaces)
	pod := &paperPod{names: names, tapQueues: map[string]int{}}
	setup := netpod.NewNetPod(
		vmi.Spec.Networks,
		vmi.Spec.Domain.Devices.Interfaces,
		string(vmi.UID),
		1,
		0,
		capacity,
		netpod.NewState(paperState{}, here{}),
		netpod.WithNMStateAdapter(pod),
		netpod.WithMasqueradeAdapter(pod),
		netpod.WithCacheCreator(memoryCache{}),
		netpod.WithBindingPlugins(bindingPlugins),
		netpod.WithVMIIfaceStatuses(vmi.Status.Interfaces),
	)
	if err := setup.Setup(); err != nil {
		return nil, err
	}
	return pod.tapQueues, nil
}

func domainQueues(vmi *v1.VirtualMachineInstance) (map[string]uint, error) {
	attachments := map[string]string{}
	for _, iface := range vmi.Spec.Domain.Devices.Interfaces {
		attachments[iface.Name] = string(v1.Tap)
	}
	domain := &api.Domain{}
	configurator := converternet.NewDomainConfigurator(
		converternet.WithDomainAttachmentByInterfaceName(attachments),
		converternet.WithVirtioModel("virtio-non-transitional"),
	)
	if err := configurator.Configure(vmi, domain); err != nil {
		return nil, err
	}
	queues := map[string]uint{}
	for _, iface := range domain.Spec.Devices.Interfaces {
		queues[iface.Alias.GetName()] = 0
		if iface.Driver != nil && iface.Driver.Queues != nil {
			queues[iface.Alias.GetName()] = *iface.Driver.Queues
		}
	}
	return queues, nil
}

// bindingPlugins is what a cluster registers for mqtap.
var bindingPlugins = map[string]v1.InterfaceBindingPlugin{"mqtap": {DomainAttachmentType: v1.ManagedTap}}

// paperPod has an interface for each network, and remembers the taps that phase 1 wants.
type paperPod struct {
	names     map[string]string
	tapQueues map[string]int
}

func (pod *paperPod) Read() (*nmstate.Status, error) {
	status := &nmstate.Status{}
	for _, name := range pod.names {
		status.Interfaces = append(status.Interfaces, nmstate.Interface{Name: name, MTU: 1500})
	}
	return status, nil
}

func (pod *paperPod) Apply(spec *nmstate.Spec) error {
	for _, iface := range spec.Interfaces {
		if iface.Tap != nil && iface.State != nmstate.IfaceStateAbsent {
			pod.tapQueues[iface.Metadata.NetworkName] = iface.Tap.Queues
		}
	}
	return nil
}

func (pod *paperPod) Setup(_, _ *nmstate.Interface, _ v1.Interface) error { return nil }

// paperState says of each network that phase 1 has yet to be done.
type paperState struct{}

func (paperState) Read(string) (cache.PodIfaceState, error) {
	return cache.PodIfaceNetworkPreparationPending, nil
}
func (paperState) Write(string, cache.PodIfaceState) error { return nil }
func (paperState) Delete(string) error                     { return nil }

// here runs what a namespace's executor would run inside.
type here struct{}

func (here) Do(f func() error) error { return f() }
