package native

/*
#include <fcntl.h>
#include "bouncer_verify.h"

// Returns a new descriptor for the same eventfd, or -1.
static inline int bouncer_go_duplicate(const bouncer_watch *watch) {
	return fcntl(bouncer_watch_fd(watch), F_DUPFD_CLOEXEC, 0);
}
*/
import "C"

import (
	"errors"
	"os"
	"time"
)

// A Watch wakes up one goroutine after each attempt of a C object: a fetch or a login. The
// goroutine waits in Go's poller, so it holds no thread of the operating system.
type Watch struct {
	pointer *C.bouncer_watch
	// A duplicate of the descriptor, because os.File closes its own descriptor. It is nil if the
	// process has too many open files.
	file *os.File
}

// pollInterval is the time between two checks without a descriptor.
const pollInterval = 10 * time.Millisecond

// Watch returns a watch for the fetches of all keys of the verifier. The caller must close it.
func (v *Verifier) Watch() *Watch {
	var watch *C.bouncer_watch
	if v.Acquire() {
		defer v.Release()
		C.bouncer_verifier_watch(v.pointer, &watch, nil)
	}
	return newWatch(watch)
}

// Watch returns a watch for the fetches of the key set. The caller must close it.
func (r *RemoteJWKS) Watch() *Watch {
	var watch *C.bouncer_watch
	if r.Acquire() {
		defer r.Release()
		C.bouncer_remote_jwks_watch(r.pointer, &watch, nil)
	}
	return newWatch(watch)
}

// Watch returns a watch for the logins of the renewer. The caller must close it.
func (r *Renewer) Watch() *Watch {
	var watch *C.bouncer_watch
	if r.Acquire() {
		defer r.Release()
		C.bouncer_renewer_watch(r.pointer, &watch, nil)
	}
	return newWatch(watch)
}

func newWatch(pointer *C.bouncer_watch) *Watch {
	watch := &Watch{pointer: pointer}
	if pointer == nil {
		return watch
	}
	if descriptor := C.bouncer_go_duplicate(pointer); descriptor >= 0 {
		file := os.NewFile(uintptr(descriptor), "eventfd")
		// Without a deadline, Interrupt would not work.
		if file.SetReadDeadline(time.Time{}) == nil {
			watch.file = file
		} else {
			_ = file.Close()
		}
	}
	return watch
}

// Wait blocks until an attempt has ended since the last call, or until Interrupt. It may also
// return earlier.
func (w *Watch) Wait() {
	if w.file == nil {
		time.Sleep(pollInterval)
		return
	}
	var count [8]byte
	_, err := w.file.Read(count[:])
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded):
		_ = w.file.SetReadDeadline(time.Time{})
	default:
		time.Sleep(pollInterval)
	}
}

// Interrupt ends the call of Wait, or the next one. Any goroutine may call it, also after Close.
func (w *Watch) Interrupt() {
	if w.file != nil {
		_ = w.file.SetReadDeadline(time.Unix(1, 0))
	}
}

// Close frees the watch. Only the goroutine that calls Wait may call it.
func (w *Watch) Close() {
	if w.file != nil {
		_ = w.file.Close()
	}
	C.bouncer_watch_free(w.pointer)
}
