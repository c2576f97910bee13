// A VMI's domain as virt-launcher makes it before it calls hooks: converted, then completed with what the pod's network
// namespace shows (phase 2). Volumes and firmware files are left out, as they would have to be there.

package main

import (
	"fmt"
	"strconv"

	v1 "kubevirt.io/api/core/v1"

	"kubevirt.io/kubevirt/pkg/network/dhcp"
	"kubevirt.io/kubevirt/pkg/network/domainspec"
	network "kubevirt.io/kubevirt/pkg/network/setup/launcher"
	"kubevirt.io/kubevirt/pkg/virt-launcher/virtwrap/api"
	"kubevirt.io/kubevirt/pkg/virt-launcher/virtwrap/converter"
	"kubevirt.io/kubevirt/pkg/virt-launcher/virtwrap/converter/arch"
	convertertypes "kubevirt.io/kubevirt/pkg/virt-launcher/virtwrap/converter/types"
)

// domainOf converts a VMI; phase2 runs in the caller's network namespace.
func domainOf(vmi *v1.VirtualMachineInstance, phase2 bool) (*api.DomainSpec, error) {
	attachments := domainspec.DomainAttachmentByInterfaceName(vmi.Spec.Domain.Devices.Interfaces, bindingPlugins)
	domain := &api.Domain{}
	context := &convertertypes.ConverterContext{
		Architecture:                    arch.NewConverter("amd64"),
		VirtualMachine:                  vmi,
		AllowEmulation:                  true,
		FreePageReporting:               true,
		MemBalloonStatsPeriod:           10,
		SerialConsoleLog:                true,
		DomainAttachmentByInterfaceName: attachments,
	}
	if err := converter.Convert_v1_VirtualMachineInstance_To_api_Domain(vmi, domain, context); err != nil {
		return nil, err
	}
	api.NewDefaulter("amd64").SetObjectDefaults_Domain(domain)
	if phase2 {
		configurator := network.NewVMNetworkConfigurator(vmi, memoryCache{},
			network.WithDomainAttachments(attachments), network.WithDHCPConfiguratorFactory(noDHCP))
		if err := configurator.SetupPodNetworkPhase2(domain, vmi.Spec.Networks); err != nil {
			return nil, err
		}
	}
	return &domain.Spec, nil
}

// noDHCP makes no server: guests have no part in this.
func noDHCP(*v1.Interface, *v1.Network, string) dhcp.Configurator { return nil }

// withPlaceholders adds the interfaces by which virt-launcher makes libvirt keep slots for hotplug.
func withPlaceholders(spec *api.DomainSpec, count int) *api.DomainSpec {
	spec = spec.DeepCopy()
	for index := range count {
		name := fmt.Sprintf("placeholder-%d", index)
		spec.Devices.Interfaces = append(spec.Devices.Interfaces, api.Interface{
			Type:   "ethernet",
			Model:  &api.Model{Type: "virtio-non-transitional"},
			Alias:  api.NewNonUserDefinedAlias(name),
			Target: &api.InterfaceTarget{Device: name, Managed: "no"},
		})
	}
	return spec
}

// withRootPorts adds the ports by which virt-launcher lets disks be plugged in later.
func withRootPorts(spec *api.DomainSpec, count int) *api.DomainSpec {
	spec = spec.DeepCopy()
	for index := range count {
		spec.Devices.Controllers = append(spec.Devices.Controllers,
			api.Controller{Type: "pci", Index: strconv.Itoa(20 + index), Model: "pcie-root-port"})
	}
	return spec
}
