// Kubevirt-crds prints KubeVirt's own CRDs, as virt-operator creates them, as a JSON List.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"mqtap.io/kubevirt-peer/crds/components"
)

// those that a VM's way to its queues touches
var definitions = []func() (*extv1.CustomResourceDefinition, error){
	components.NewVirtualMachineInstanceCrd,
	components.NewVirtualMachineCrd,
	components.NewVirtualMachineInstanceMigrationCrd,
	components.NewKubeVirtCrd,
	components.NewPluginCrd,
}

func main() {
	if err := printAll(); err != nil {
		fmt.Fprintf(os.Stderr, "kubevirt-crds: %v\n", err)
		os.Exit(1)
	}
}

func printAll() error {
	items := []*extv1.CustomResourceDefinition{}
	for _, define := range definitions {
		crd, err := define()
		if err != nil {
			return err
		}
		items = append(items, crd)
	}
	list := map[string]any{"apiVersion": "v1", "kind": "List", "items": items}
	return json.NewEncoder(os.Stdout).Encode(list)
}
