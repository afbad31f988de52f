package native

/*
#include "settings.h"
*/
import "C"

import "time"

// A Renewer owns a token renewer.
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

// Wait blocks until the login of this ticket is over or the renewer is closed. It returns false
// after the timeout.
func (r *Renewer) Wait(ticket uint64, timeout time.Duration) bool {
	if !r.Acquire() {
		return true
	}
	defer r.Release()
	return C.bouncer_renewer_wait(r.pointer, C.uint64_t(ticket), milliseconds(timeout)) != 0
}

// WaitAttempts blocks until this number of logins is over, the renewer is closed, or the timeout.
func (r *Renewer) WaitAttempts(attempts uint64, timeout time.Duration) {
	if !r.Acquire() {
		return
	}
	defer r.Release()
	C.bouncer_renewer_wait_attempts(r.pointer, C.uint64_t(attempts), milliseconds(timeout))
}

// WaitReady blocks until there is a valid token or one more login is over. It returns why there is
// no token. It also starts the first login of a lazy renewer.
//
// bouncer_renewer_wait_ready does not wait after a rejected login. This method does, because the
// secret may be replaced.
func (r *Renewer) WaitReady(timeout time.Duration) *Error {
	if timeout == 0 {
		return r.ready()
	}
	stats, err := r.Stats()
	// Read the counter before ready: then a login that ends in between ends the wait at once.
	if err == nil {
		err = r.ready()
	}
	if err == nil || err == Closed {
		return err
	}
	attempts := stats.Find("renewer_attempts_total").Number
	r.WaitAttempts(uint64(attempts)+1, timeout)
	return r.ready()
}

func (r *Renewer) ready() *Error {
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

// WaitLogin blocks until the program must supply a token. It returns false after the timeout.
func (r *Renewer) WaitLogin(timeout time.Duration) bool {
	if !r.Acquire() {
		return false
	}
	defer r.Release()
	return C.bouncer_renewer_wait_login(r.pointer, milliseconds(timeout)) != 0
}

// Supply passes the token that WaitLogin requested. If seconds is negative, a JWT is valid until
// its "exp", and another token forever.
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

// SupplyFailure reports that there is no token for WaitLogin. The reason must be UTF-8.
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

// Close stops the logins and wakes all blocked calls. The object is freed when the last of them
// returns.
func (r *Renewer) Close() {
	if !r.Acquire() {
		return
	}
	defer r.Release()
	r.Handle.Close() // first, so that a woken caller cannot block again
	C.bouncer_renewer_close(r.pointer)
}
