// Start-vm asks a virt-launcher to start a VM, by KubeVirt's own client and as virt-handler does once a pod's network is set up.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	v1 "kubevirt.io/api/core/v1"

	cmdv1 "kubevirt.io/kubevirt/pkg/handler-launcher-com/cmd/v1"
	"kubevirt.io/kubevirt/pkg/network/domainspec"
	cmdclient "kubevirt.io/kubevirt/pkg/virt-handler/cmd-client"
)

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: start-vm SOCKET, with a VMI as JSON on stdin"))
	}
	if err := start(os.Args[1]); err != nil {
		fail(err)
	}
}

func start(socket string) error {
	vmi := &v1.VirtualMachineInstance{}
	if err := json.NewDecoder(os.Stdin).Decode(vmi); err != nil {
		return err
	}
	client, err := cmdclient.NewClient(socket)
	if err != nil {
		return err
	}
	defer client.Close()
	attachments := domainspec.DomainAttachmentByInterfaceName(vmi.Spec.Domain.Devices.Interfaces, nil)
	return client.SyncVirtualMachine(vmi, &cmdv1.VirtualMachineOptions{InterfaceDomainAttachment: attachments})
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "start-vm: %v\n", err)
	os.Exit(1)
}
