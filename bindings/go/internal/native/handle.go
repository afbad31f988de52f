//go:build cgo

package native

import (
	"math"
	"runtime"
	"sync/atomic"
)

// A Handle lets any number of goroutines use a C object. After Close, it frees the object when the
// last use ends. It takes no lock: each use costs two atomic additions.
//
// The zero Handle is closed.
type Handle struct {
	uses    atomic.Int64 // uses in flight; Close adds closedUses
	closed  atomic.Bool
	freed   atomic.Bool
	free    func()
	cleanup runtime.Cleanup
}

const closedUses = math.MinInt64 / 2

// own makes h the owner of object. object is freed after Close, or when the garbage collector finds
// owner unreachable.
func own[Owner, Object any](owner *Owner, h *Handle, object Object, free func(Object)) {
	h.free = func() { free(object) }
	h.cleanup = runtime.AddCleanup(owner, free, object)
}

// Acquire begins a use, and Release ends it. If the handle is closed, Acquire returns false: then
// do not call Release.
func (h *Handle) Acquire() bool {
	if h.uses.Add(1) > 0 && h.free != nil {
		return true
	}
	h.Release()
	return false
}

// Release ends a use. The garbage collector does not find the owner unreachable before this call.
func (h *Handle) Release() {
	// A failed Acquire also calls Release, so the count can reach closedUses more than once.
	if h.uses.Add(-1) == closedUses && h.freed.CompareAndSwap(false, true) && h.free != nil {
		h.cleanup.Stop()
		h.free()
	}
}

// Close closes the handle. Only the first call has an effect.
func (h *Handle) Close() {
	if !h.closed.Swap(true) {
		h.uses.Add(closedUses + 1)
		h.Release()
	}
}

// IsClosed reports whether Close was called.
func (h *Handle) IsClosed() bool { return h.closed.Load() }
