// Decoding as strict as a client of KubeVirt's own types can: an unknown, misspelt or double field is an error.

package main

import (
	"encoding/json"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	strictjson "sigs.k8s.io/json"

	v1 "kubevirt.io/api/core/v1"
)

type decodeReply struct {
	Kind string `json:"kind"`
}

func decode(text *json.RawMessage) (*decodeReply, error) {
	typeMeta := &metav1.TypeMeta{}
	if err := json.Unmarshal(*text, typeMeta); err != nil {
		return nil, err
	}
	objects := map[string]any{
		"VirtualMachineInstance":          &v1.VirtualMachineInstance{},
		"VirtualMachine":                  &v1.VirtualMachine{},
		"VirtualMachineInstanceMigration": &v1.VirtualMachineInstanceMigration{},
		"KubeVirt":                        &v1.KubeVirt{},
	}
	object := objects[typeMeta.Kind]
	if object == nil || typeMeta.APIVersion != v1.GroupVersion.String() {
		return nil, fmt.Errorf("%s %q is none of KubeVirt's", typeMeta.APIVersion, typeMeta.Kind)
	}
	faults, err := strictjson.UnmarshalStrict(*text, object)
	if err != nil {
		return nil, err
	}
	return &decodeReply{Kind: typeMeta.Kind}, errors.Join(faults...)
}
