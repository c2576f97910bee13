// KubeVirt's network cache, which virt-handler keeps in files under /var/run, kept in memory for one request.

package main

import (
	"io/fs"
	"os"

	"kubevirt.io/kubevirt/pkg/network/cache"
)

// memoryCache makes caches that forget at once.
type memoryCache struct{}

func (memoryCache) New(path string) *cache.Cache { return cache.NewCustomCache(path, forgetful{}) }

type forgetful struct{}

func (forgetful) Stat(string) (os.FileInfo, error)            { return nil, os.ErrNotExist }
func (forgetful) MkdirAll(string, os.FileMode) error          { return nil }
func (forgetful) RemoveAll(string) error                      { return nil }
func (forgetful) ReadFile(string) ([]byte, error)             { return nil, os.ErrNotExist }
func (forgetful) WriteFile(string, []byte, fs.FileMode) error { return nil }
