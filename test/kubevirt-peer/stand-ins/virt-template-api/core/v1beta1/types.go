// Package v1beta1 has the one type that KubeVirt's controllers name.
package v1beta1

import "k8s.io/apimachinery/pkg/runtime"

// VirtualMachineTemplate is only ever a type.
type VirtualMachineTemplate struct{ runtime.Unknown }
