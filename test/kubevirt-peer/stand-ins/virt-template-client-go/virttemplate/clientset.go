// Package virttemplate stands in for the client of virt-template-api, as far as KubeVirt's controllers name it.
package virttemplate

import (
	"errors"

	"k8s.io/client-go/rest"
)

// Clientset has no clients.
type Clientset struct{}

// NewForConfig makes none.
func NewForConfig(*rest.Config) (*Clientset, error) {
	return nil, errors.New("this is a stand-in for virt-template-client-go")
}

// TemplateV1beta1 is never reached, as there is no Clientset.
func (*Clientset) TemplateV1beta1() Client { return Client{} }

// Client has no REST client.
type Client struct{}

// RESTClient is nil.
func (Client) RESTClient() rest.Interface { return nil }
