// Package libnbd has the names of libguestfs.org/libnbd that virt-launcher is compiled against, and refuses: the module needs a
// C library that backups use and starting a VM does not.
package libnbd

import "errors"

var errStandIn = errors.New("libnbd is a stand-in: this virt-launcher makes no backups")

const (
	CONTEXT_BASE_ALLOCATION   = "base:allocation"
	CONTEXT_QEMU_DIRTY_BITMAP = "qemu:dirty-bitmap:"

	STATE_HOLE  uint32 = 1
	STATE_ZERO  uint32 = 2
	STATE_DIRTY uint32 = 1
)

type LibnbdExtent struct {
	Length uint64
	Flags  uint64
}

type (
	Libnbd               struct{}
	ExtentCallback       func(metacontext string, offset uint64, entries []LibnbdExtent, nbdErr *int) int
	BlockStatus64Optargs struct{}
	PreadOptargs         struct{}
)

func Create() (*Libnbd, error) { return nil, errStandIn }

func (*Libnbd) Close() error                              { return errStandIn }
func (*Libnbd) AddMetaContext(string) error               { return errStandIn }
func (*Libnbd) CanMetaContext(string) (bool, error)       { return false, errStandIn }
func (*Libnbd) ConnectUnix(string) error                  { return errStandIn }
func (*Libnbd) GetSize() (uint64, error)                  { return 0, errStandIn }
func (*Libnbd) Pread([]byte, uint64, *PreadOptargs) error { return errStandIn }
func (*Libnbd) SetExportName(string) error                { return errStandIn }
func (*Libnbd) BlockStatus64(uint64, uint64, ExtentCallback, *BlockStatus64Optargs) error {
	return errStandIn
}
