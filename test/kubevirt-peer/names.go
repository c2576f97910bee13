// How KubeVirt names a pod's interfaces, taps and bridges.

package main

import (
	v1 "kubevirt.io/api/core/v1"

	"kubevirt.io/kubevirt/pkg/network/link"
	"kubevirt.io/kubevirt/pkg/network/namescheme"
)

type namesReply struct {
	PodInterface string `json:"podInterface"`
	Tap          string `json:"tap"`
	Bridge       string `json:"bridge"`
}

// namesOf gives, for each network of a VMI's spec, the pod's interface and the tap: by the hashed scheme and the ordinal one.
func namesOf(networks *[]v1.Network) (map[string]map[string]namesReply, error) {
	schemes := map[string]map[string]string{
		"hashed":  namescheme.CreateHashedNetworkNameScheme(*networks),
		"ordinal": namescheme.CreateOrdinalNetworkNameScheme(*networks),
	}
	reply := map[string]map[string]namesReply{}
	for scheme, names := range schemes {
		reply[scheme] = map[string]namesReply{}
		for _, network := range *networks {
			podInterface := names[network.Name]
			reply[scheme][network.Name] = namesReply{
				PodInterface: podInterface,
				Tap:          link.GenerateTapDeviceName(podInterface, network),
				Bridge:       link.GenerateBridgeName(podInterface),
			}
		}
	}
	return reply, nil
}
