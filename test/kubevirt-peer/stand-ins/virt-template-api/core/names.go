// Package core stands in for a module that KubeVirt's converter needs to compile, and no module proxy has. Nothing here
// is ever called: it belongs to an informer of KubeVirt's controllers.
package core

// names of the resource
const (
	GroupName            = "template.kubevirt.io"
	SingularResourceName = "virtualmachinetemplate"
	PluralResourceName   = "virtualmachinetemplates"
)
