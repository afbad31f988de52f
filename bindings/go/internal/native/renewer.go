package native

/*
#include "settings.h"
*/
import "C"

import "time"

// A Renewer owns a bouncer_renewer of C.
type Renewer struct {
	Handle
	pointer *C.bouncer_renewer
}

// NewRenewer makes a renewer from settings.
func NewRenewer(settings Settings) (*Renewer, *Error) {
	var pointer *C.bouncer_renewer
	var err *C.bouncer_error
	status := C.bouncer_go_renewer_new(bytesPointer(settings), C.size_t(len(settings)), &pointer, &err)
	if status != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	renewer := &Renewer{pointer: pointer}
	own(renewer, &renewer.Handle, pointer, freeRenewer)
	return renewer, nil
}

func freeRenewer(renewer *C.bouncer_renewer) { C.bouncer_renewer_free(renewer) }

// Acquire treats nil as a closed renewer.
func (r *Renewer) Acquire() bool { return r != nil && r.Handle.Acquire() }

// IsOver reports whether the login of this ticket is over. It is also true after Close.
func (r *Renewer) IsOver(ticket uint64) bool {
	if !r.Acquire() {
		return true
	}
	defer r.Release()
	return C.bouncer_renewer_wait(r.pointer, C.uint64_t(ticket), 0) != 0
}

// Ready returns nil if there is a valid token. Otherwise it returns the reason why there is none.
// It also starts the first login of a lazy renewer.
func (r *Renewer) Ready() *Error {
	if !r.Acquire() {
		return Closed
	}
	defer r.Release()
	var err *C.bouncer_error
	if C.bouncer_renewer_wait_ready(r.pointer, 0, &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// MayBecomeReady returns false if waiting for Ready does not help: after Close.
func (r *Renewer) MayBecomeReady() bool { return r != nil && !r.IsClosed() }

// Refresh logs in, and blocks until the login is over.
func (r *Renewer) Refresh(timeout time.Duration) *Error {
	if !r.Acquire() {
		return Closed
	}
	defer r.Release()
	var err *C.bouncer_error
	if C.bouncer_renewer_renew(r.pointer, milliseconds(timeout), &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// WaitLogin blocks until the renewer requests a token from the program. It returns false on timeout
// or if the renewer is closed.
func (r *Renewer) WaitLogin(timeout time.Duration) bool {
	if !r.Acquire() {
		return false
	}
	defer r.Release()
	return C.bouncer_renewer_wait_login(r.pointer, milliseconds(timeout)) != 0
}

// Supply passes a token to the renewer after WaitLogin has returned true. The token is valid for
// the given number of seconds from now. If seconds is negative, a JWT is valid until its "exp". A
// token without "exp" does not expire.
func (r *Renewer) Supply(token string, seconds int64) *Error {
	if !r.Acquire() {
		return Closed
	}
	defer r.Release()
	var err *C.bouncer_error
	status := C.bouncer_renewer_supply(r.pointer, textPointer(token), C.size_t(len(token)), C.int64_t(seconds), &err)
	if status != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// SupplyFailure reports that the program has no token, after WaitLogin has returned true. The
// reason must be UTF-8.
func (r *Renewer) SupplyFailure(rejected bool, reason string) *Error {
	if !r.Acquire() {
		return Closed
	}
	defer r.Release()
	var err *C.bouncer_error
	status := C.bouncer_renewer_supply_failure(r.pointer, flag(rejected), textPointer(reason), C.size_t(len(reason)), &err)
	if status != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// Close stops the logins and wakes all blocked calls. The C object is freed after the last of these
// calls has returned.
func (r *Renewer) Close() {
	if !r.Acquire() {
		return
	}
	defer r.Release()
	r.Handle.Close() // first, so that a woken caller cannot block again
	C.bouncer_renewer_close(r.pointer)
}
