//go:build cgo

package bouncer

import (
	"math"
	"runtime"
	"sync/atomic"
)

// A lease lets any number of goroutines use a C object, and frees it when it is closed and the last of them is done. It
// takes no lock: a use is one atomic addition at its begin and one at its end.
type lease struct {
	uses    atomic.Int64 // under way; once closed, that much below zero
	closed  atomic.Bool
	freed   atomic.Bool
	free    func()
	cleanup runtime.Cleanup
}

const closed = math.MinInt64 / 2

// lend begins the lease of owner's object. If owner becomes unreachable, the garbage collector has it freed.
func lend[Owner, Object any](owner *Owner, l *lease, object Object, free func(Object)) {
	l.free = func() { free(object) }
	l.cleanup = runtime.AddCleanup(owner, free, object)
}

// enter begins a use, which ends with leave. It reports false if there is nothing to use: closed, or never lent.
func (l *lease) enter() bool {
	if l.uses.Add(1) > 0 && l.free != nil {
		return true
	}
	l.leave()
	return false
}

// leave ends a use. It also keeps the owner alive up to here.
func (l *lease) leave() {
	// Calls that came too late can take the count to closed more than once.
	if l.uses.Add(-1) == closed && l.freed.CompareAndSwap(false, true) && l.free != nil {
		l.cleanup.Stop()
		l.free()
	}
}

// close ends the lease; only the first call has an effect.
func (l *lease) close() {
	if !l.closed.Swap(true) {
		l.uses.Add(closed + 1)
		l.leave()
	}
}
