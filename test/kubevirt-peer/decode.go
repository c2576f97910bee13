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

// specOfVM is the spec of a VMI without its UnmarshalJSON, which would let everything pass.
type specOfVM v1.VirtualMachineInstanceSpec

func decode(text *json.RawMessage) (*decodeReply, error) {
	typeMeta := &metav1.TypeMeta{}
	if err := json.Unmarshal(*text, typeMeta); err != nil {
		return nil, err
	}
	targets := map[string][]any{
		"VirtualMachineInstance":          {&v1.VirtualMachineInstance{}, &instanceSpec{}},
		"VirtualMachine":                  {&v1.VirtualMachine{}, &templateSpec{}},
		"VirtualMachineInstanceMigration": {&v1.VirtualMachineInstanceMigration{}},
		"KubeVirt":                        {&v1.KubeVirt{}},
	}[typeMeta.Kind]
	if targets == nil || typeMeta.APIVersion != v1.GroupVersion.String() {
		return nil, fmt.Errorf("%s %q is none of KubeVirt's", typeMeta.APIVersion, typeMeta.Kind)
	}
	for _, target := range targets {
		faults, err := strictjson.UnmarshalStrict(*text, target)
		if err := errors.Join(append(faults, err)...); err != nil {
			return nil, err
		}
	}
	return &decodeReply{Kind: typeMeta.Kind}, nil
}

// instanceSpec is a VMI of which only the spec is looked at, templateSpec the same for a VirtualMachine.
type instanceSpec struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        any      `json:"metadata"`
	Spec            specOfVM `json:"spec"`
	Status          any      `json:"status"`
}

type templateSpec struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        any `json:"metadata"`
	Spec            struct {
		v1.VirtualMachineSpec `json:",inline"`
		Template              struct {
			Metadata any      `json:"metadata"`
			Spec     specOfVM `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
	Status any `json:"status"`
}
