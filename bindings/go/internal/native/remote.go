package native

/*
#include "settings.h"
*/
import "C"

import "time"

// A RemoteJWKS owns a bouncer_remote_jwks of C.
type RemoteJWKS struct {
	Handle
	pointer *C.bouncer_remote_jwks
}

// NewRemoteJWKS makes a remote key set from settings.
func NewRemoteJWKS(settings Settings) (*RemoteJWKS, *Error) {
	var pointer *C.bouncer_remote_jwks
	var err *C.bouncer_error
	status := C.bouncer_go_remote_jwks_new(bytesPointer(settings), C.size_t(len(settings)), &pointer, &err)
	if status != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	remote := &RemoteJWKS{pointer: pointer}
	own(remote, &remote.Handle, pointer, freeRemoteJWKS)
	return remote, nil
}

func freeRemoteJWKS(remote *C.bouncer_remote_jwks) { C.bouncer_remote_jwks_free(remote) }

// Acquire treats nil as a closed key set.
func (r *RemoteJWKS) Acquire() bool { return r != nil && r.Handle.Acquire() }

func (r *RemoteJWKS) newVerifier(policy *C.bouncer_policy, verifier **C.bouncer_verifier, err **C.bouncer_error) C.bouncer_status {
	return C.bouncer_verifier_new_remote(r.pointer, policy, verifier, err)
}

func (r *RemoteJWKS) accept(settings *C.bouncer_settings, policy *C.bouncer_policy) {
	C.bouncer_settings_accept_remote(settings, r.pointer, policy)
}

// IsOver reports whether the fetch of this ticket is over. It is also true after Close.
func (r *RemoteJWKS) IsOver(ticket uint64) bool {
	if !r.Acquire() {
		return true
	}
	defer r.Release()
	return C.bouncer_remote_jwks_wait(r.pointer, C.uint64_t(ticket), 0) != 0
}

// Ready returns nil if usable keys are loaded. Otherwise it returns the reason why no keys are
// loaded. It also starts the first fetch of a lazy key set.
func (r *RemoteJWKS) Ready() *Error {
	if !r.Acquire() {
		return Closed
	}
	defer r.Release()
	var err *C.bouncer_error
	if C.bouncer_remote_jwks_wait_ready(r.pointer, 0, &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// MayBecomeReady returns false if waiting for Ready does not help.
func (r *RemoteJWKS) MayBecomeReady() bool {
	if !r.Acquire() {
		return false
	}
	defer r.Release()
	return C.bouncer_remote_jwks_may_become_ready(r.pointer) != 0
}

// Refresh fetches the keys, and blocks until the fetch is over.
func (r *RemoteJWKS) Refresh(timeout time.Duration) *Error {
	if !r.Acquire() {
		return Closed
	}
	defer r.Release()
	var err *C.bouncer_error
	if C.bouncer_remote_jwks_refresh(r.pointer, milliseconds(timeout), &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// Current returns the keys in use.
func (r *RemoteJWKS) Current() (*JWKS, *Error) {
	if !r.Acquire() {
		return nil, Closed
	}
	defer r.Release()
	var jwks *C.bouncer_jwks
	var err *C.bouncer_error
	if C.bouncer_remote_jwks_current(r.pointer, &jwks, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return newJWKS(jwks), nil
}

// Generation returns the number of changes of the keys, or 0 if the key set is closed.
func (r *RemoteJWKS) Generation() uint64 {
	if !r.Acquire() {
		return 0
	}
	defer r.Release()
	return uint64(C.bouncer_remote_jwks_generation(r.pointer))
}

// Close stops the fetches and wakes all blocked calls. The C object is freed after the last of
// these calls has returned.
func (r *RemoteJWKS) Close() {
	if !r.Acquire() {
		return
	}
	defer r.Release()
	r.Handle.Close() // first, so that a woken caller cannot block again
	C.bouncer_remote_jwks_close(r.pointer)
}
