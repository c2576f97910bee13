// KubeVirt's own hooks manager, called as virt-launcher calls it: it collects the sidecars' sockets, and hands each the
// domain that it is about to define.

package main

import (
	"encoding/xml"
	"time"

	v1 "kubevirt.io/api/core/v1"

	"kubevirt.io/kubevirt/pkg/hooks"
	"kubevirt.io/kubevirt/pkg/virt-launcher/virtwrap/api"
)

type hooksRequest struct {
	VMI *v1.VirtualMachineInstance `json:"vmi"`
	// Phase2 looks for the taps of the VMI in this process's network namespace.
	Phase2 bool `json:"phase2"`
	// Sidecars whose sockets are waited for.
	Sidecars uint `json:"sidecars"`
	// Calls of one boot; each is made over what the one before has left.
	Calls []struct {
		Placeholders int `json:"placeholders"`
		RootPorts    int `json:"rootPorts"`
	} `json:"calls"`
}

type hooksReply struct {
	Calls []hookCall `json:"calls"`
	// ShutDown is why the sidecars could not be told to end, or empty.
	ShutDown string `json:"shutDown"`
}

type hookCall struct {
	// Before is the document that the first hook is given.
	Before string `json:"before"`
	// After is the document that libvirt is given, and Failed why there is none.
	After  string `json:"after"`
	Failed string `json:"failed"`
}

func runHooks(request *hooksRequest) (*hooksReply, error) {
	manager := hooks.GetManager()
	if err := manager.Collect(request.Sidecars, 30*time.Second); err != nil {
		return nil, err
	}
	spec, err := domainOf(request.VMI, request.Phase2)
	if err != nil {
		return nil, err
	}
	reply := &hooksReply{}
	for _, call := range request.Calls {
		spec = withRootPorts(spec, call.RootPorts)
		made, err := defineDomain(manager, request.VMI, withPlaceholders(spec, call.Placeholders))
		if err != nil {
			return nil, err
		}
		reply.Calls = append(reply.Calls, *made)
		if made.Failed != "" {
			break
		}
		// what the hooks made of a domain with placeholders goes to libvirt alone
		if call.Placeholders == 0 {
			spec = &api.DomainSpec{}
			if err := xml.Unmarshal([]byte(made.After), spec); err != nil {
				return nil, err
			}
		}
	}
	if err := manager.Shutdown(); err != nil {
		reply.ShutDown = err.Error()
	}
	return reply, nil
}

// defineDomain does what virt-launcher's ApplySidecarHooks does, but for libvirt.
func defineDomain(manager hooks.Manager, vmi *v1.VirtualMachineInstance, spec *api.DomainSpec) (*hookCall, error) {
	before, err := xml.MarshalIndent(spec, "", "\t")
	if err != nil {
		return nil, err
	}
	call := &hookCall{Before: string(before)}
	if call.After, err = manager.OnDefineDomain(spec, vmi); err == nil {
		err = xml.Unmarshal([]byte(call.After), &api.DomainSpec{})
	}
	if err != nil {
		call.Failed = err.Error()
	}
	return call, nil
}
